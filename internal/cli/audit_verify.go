package cli

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/audit"
)

func (p *program) auditVerifyCommand() *cobra.Command {
	var chain audited
	var files []string
	var keyFile, export string
	command := &cobra.Command{
		Use:   "verify [--checkpoint FILE…] [--public-key FILE] [--file EXPORT]",
		Short: "Find what was changed, removed or moved in the record",
		Long: `Check the record from its first number to its last: that no record was changed, removed or moved, that it is what its
checkpoints say, and that no connection was put back to an older state. A checkpoint that was kept elsewhere
(--checkpoint) also finds a record that was made anew as a whole, together with its checkpoints. --public-key trusts
no other key than that of the file.

With --file an export is checked, without a server. The exit code is 1 when something is wrong.`,
		Example: `  latchkey audit verify --checkpoint /mnt/elsewhere/checkpoints.jsonl
  latchkey audit verify --file november.jsonl --public-key audit.pub`,
		Args: takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			held, key, err := p.proof(files, keyFile)
			if err != nil {
				return err
			}
			var report client.AuditReport
			var text json.RawMessage
			if export != "" {
				report, text, err = verifyFile(export, held, key)
			} else {
				report, err = p.verifyServer(command.Context(), chain, held, key)
				text = report.JSON()
			}
			if err != nil {
				return err
			}
			if p.json {
				p.say("%s", indentJSON(text))
			} else {
				p.printAudit(report)
			}
			if !report.OK {
				return errTold
			}
			return nil
		},
	}
	chain.flag(command)
	command.Flags().StringArrayVar(&files, "checkpoint", nil, "a `file` of checkpoints that was kept elsewhere; repeat for more")
	command.Flags().StringVar(&keyFile, "public-key", "", "trust only the key in a PEM `file`")
	command.Flags().StringVar(&export, "file", "", "check an export, a `file`, in place of a server")
	return command
}

// proof reads checkpoints and a key from files.
func (p *program) proof(files []string, keyFile string) ([]audit.Held, audit.PublicKey, error) {
	var held []audit.Held
	for _, name := range files {
		text, err := p.readInput("--checkpoint", name)
		if err != nil {
			return nil, nil, err
		}
		found, err := audit.ParseCheckpoints(text)
		if err != nil {
			return nil, nil, fmt.Errorf("reading %s: %w", name, err)
		}
		for _, checkpoint := range found {
			held = append(held, audit.Held{Checkpoint: checkpoint, Where: name})
		}
	}
	if keyFile == "" {
		return held, nil, nil
	}
	text, err := p.readInput("--public-key", keyFile)
	if err != nil {
		return nil, nil, err
	}
	key, err := audit.ParsePublicKey(text)
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", keyFile, err)
	}
	return held, key, nil
}

func (p *program) verifyServer(ctx context.Context, chain audited, held []audit.Held, key audit.PublicKey) (client.AuditReport, error) {
	c, err := p.client()
	if err != nil {
		return client.AuditReport{}, err
	}
	proof := client.AuditProof{}
	if key != nil {
		proof.PublicKey = base64.StdEncoding.EncodeToString(key)
	}
	for i := range held {
		var sent client.AuditCheckpoint
		text, err := json.Marshal(held[i].Checkpoint)
		if err == nil {
			err = json.Unmarshal(text, &sent)
		}
		if err != nil {
			return client.AuditReport{}, fmt.Errorf("encoding a checkpoint: %w", err)
		}
		proof.Checkpoints = append(proof.Checkpoints, sent)
	}
	return c.VerifyAudit(ctx, chain.installation, proof)
}

// verifyFile checks an export.
func verifyFile(name string, held []audit.Held, key audit.PublicKey) (out client.AuditReport, text json.RawMessage, err error) {
	exported, err := audit.ReadExport(func() (io.ReadCloser, error) { return os.Open(name) })
	if err != nil {
		return out, nil, err
	}
	exported.Key = key
	exported.Checkpoints = append(exported.Checkpoints, held...)
	report, err := audit.Examine(exported.Chain)
	if err != nil {
		return out, nil, err
	}
	text, err = json.Marshal(struct {
		OK bool `json:"ok"`
		audit.Report
	}{report.OK(), report})
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	return out, text, err
}

// printAudit says a report in words.
func (p *program) printAudit(r client.AuditReport) {
	for _, fault := range r.Faults {
		p.say("%s: %s", fault.Kind, fault.Message)
	}
	if r.More > 0 {
		p.say("and %d more", r.More)
	}
	read := fmt.Sprintf("read %d records, %d to %d", r.Records, r.First, r.Last)
	if r.Records == 0 {
		read = "there are no records"
	}
	if !r.OK {
		p.tell("%s: the record is not as it was made", read)
		return
	}
	p.tell("%s: none was changed, removed or moved", read)
	switch {
	case r.Covered == 0:
		p.tell("no checkpoint signs any of them: who can write to the database could have made them anew")
	case r.HeldTo == 0:
		p.tell("signed up to %d with the key %s, by checkpoints of the same database; keep one elsewhere: latchkey audit checkpoint --out FILE", r.Covered, r.Key)
	default:
		p.tell("signed up to %d with the key %s; proven up to %d by checkpoints kept elsewhere", r.Covered, r.Key, r.HeldTo)
	}
	if r.Connections > 0 {
		p.tell("compared %d connections with their records: none was put back to an older state", r.Connections)
	}
}
