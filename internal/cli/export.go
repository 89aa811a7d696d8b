package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/internal/file"
	"latchkey/internal/manifest"
	"latchkey/internal/suggest"
)

func (p *program) exportCommand() *cobra.Command {
	var out string
	var only []string
	var force bool
	command := &cobra.Command{
		Use:   "export [-o DIR] [--kind KIND…] [--force]",
		Short: "Write what the server has as files for apply",
		Long: `Write what the server is configured with as YAML for "latchkey apply": to standard output, or into a folder as one
file a kind. Where the server has a secret, a reference stands that you let lead to it. Not in it are keys, users,
client ids and secrets that the server makes itself, tokens, connections without a label, and what happened.`,
		Example: `  latchkey export -o configuration
  latchkey export --kind Definition --kind Topic`,
		Args: takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			for _, name := range only {
				if err := knownKind(command, name); err != nil {
					return err
				}
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			exported, err := manifest.Export(command.Context(), c, only)
			if err != nil {
				return err
			}
			if err := p.writeExport(exported, out, force); err != nil {
				return err
			}
			for _, remark := range exported.Remarks {
				p.tell("%s", remark)
			}
			p.tellReferences(exported)
			return nil
		},
	}
	flags := command.Flags()
	flags.StringVarP(&out, "out", "o", "", "`folder` to write to")
	flags.StringArrayVar(&only, "kind", nil, "only this `kind`: "+strings.Join(manifest.Kinds(), ", ")+"; repeat for more")
	flags.BoolVar(&force, "force", false, "overwrite files that are there")
	return p.withRemote(command)
}

func knownKind(command *cobra.Command, name string) error {
	for _, known := range manifest.Kinds() {
		if known == name {
			return nil
		}
	}
	err := &usageError{text: fmt.Sprintf("there is no kind %q", name), hint: "the kinds are " + strings.Join(manifest.Kinds(), ", ")}
	if near, ok := suggest.Closest(name, manifest.Kinds()); ok {
		err.hint = "did you mean " + near + "?"
	}
	return err
}

const schemaLine = "yaml-language-server: $schema=latchkey.schema.json"

// writeExport writes to standard output, or one file a kind.
func (p *program) writeExport(exported *manifest.Exported, folder string, force bool) error {
	if folder == "" {
		_, err := p.Out.Write(manifest.AppendFile(nil, exported.Objects))
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	write, byKind := file.Create, map[string][]*manifest.Object{}
	if force {
		write = file.Replace
	}
	for _, o := range exported.Objects {
		byKind[o.Kind] = append(byKind[o.Kind], o)
	}
	var written []string
	for _, kind := range manifest.Kinds() {
		if len(byKind[kind]) == 0 {
			continue
		}
		path := filepath.Join(folder, manifest.FileName(kind))
		err := write(path, manifest.AppendFile(nil, byKind[kind], schemaLine), 0o644)
		if errors.Is(err, fs.ErrExist) {
			return withHint(fmt.Errorf("%s is there already", path), "-o writes elsewhere; --force overwrites it")
		}
		if err != nil {
			return fmt.Errorf("writing %s: %w", path, err)
		}
		written = append(written, path)
	}
	if err := file.Replace(filepath.Join(folder, "latchkey.schema.json"), manifest.Schema(), 0o644); err != nil {
		return fmt.Errorf("writing the schema: %w", err)
	}
	if p.json {
		text, err := json.Marshal(map[string]any{"files": written, "secrets": exported.Secrets})
		if err != nil {
			return fmt.Errorf("encoding the answer: %w", err)
		}
		p.say("%s", indentJSON(text))
		return nil
	}
	for _, path := range written {
		p.say("wrote %s", path)
	}
	return nil
}

// tellReferences says which secrets have to be there before the files can be applied elsewhere.
func (p *program) tellReferences(exported *manifest.Exported) {
	if len(exported.Secrets) == 0 {
		return
	}
	var names []string
	for _, reference := range exported.Secrets {
		names = append(names, string(reference))
	}
	p.tell("secrets to provide, or references to change, before this is applied to another server:\n  %s", strings.Join(names, "\n  "))
}

func (p *program) schemaCommand() *cobra.Command {
	return p.group(&cobra.Command{
		Use:     "schema",
		Short:   "JSON Schemas for editors",
		Long:    "Print the JSON Schema of files that Latchkey reads, for editors that complete and check while you type.",
		Example: "  latchkey schema config > latchkey.schema.json",
	}, &cobra.Command{
		Use:   "config",
		Short: "Print the schema of the files that apply reads",
		Long: `Print the JSON Schema (draft 2020-12) of the files that "latchkey apply" reads. Editors with yaml-language-server use it
with a first line "# yaml-language-server: $schema=latchkey.schema.json" in the YAML file.`,
		Example: "  latchkey schema config > latchkey.schema.json",
		Args:    takes(),
		RunE: func(*cobra.Command, []string) error {
			_, err := p.Out.Write(manifest.Schema())
			return err
		},
	})
}
