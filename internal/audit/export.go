package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"latchkey/internal/access"
)

// An export is JSON Lines: a beginning, the records, the checkpoints among them, and an end. The beginning holds the
// hash before the first record, so that a part of a chain can be checked by itself; without its end it was cut off.

// exportVersion is the format's.
const exportVersion = 1

// beginning is an export's first line.
type beginning struct {
	Export       int       `json:"latchkey_audit"`
	Organization string    `json:"organization"`
	ExportedAt   time.Time `json:"exported_at"`
	// After is the number of the record before the first; Previous is its hash.
	After    int64 `json:"after"`
	Previous Hash  `json:"previous"`
	// Part says that the chain has records before this.
	Part bool `json:"part,omitempty"`
}

type checkpointLine struct {
	Checkpoint Checkpoint `json:"checkpoint"`
}

type ending struct {
	End struct {
		Sequence int64 `json:"sequence"`
		Hash     Hash  `json:"hash"`
	} `json:"end"`
}

// Span is what of a chain to export: the records from the first made at Since to the last made before Until. Zero times
// are no bounds.
type Span struct{ Since, Until time.Time }

// Export writes a chain, or a part of it without gaps, as JSON Lines that [ReadExport] takes.
func (l *Log) Export(ctx context.Context, caller access.Caller, chain string, span Span, out io.Writer) error {
	organization, err := chainOf(caller, chain)
	if err != nil {
		return err
	}
	base, head, err := l.cut(ctx, organization, span)
	if err != nil {
		return err
	}
	extent, err := l.config.Store.Extent(ctx, organization)
	if err != nil {
		return fmt.Errorf("reading the chain's extent: %w", err)
	}
	buffered := bufio.NewWriterSize(out, 64<<10)
	write := func(value any) error {
		text, err := marshal(value)
		if err != nil {
			return fmt.Errorf("encoding an export: %w", err)
		}
		if _, err = buffered.Write(append(text, '\n')); err != nil {
			return fmt.Errorf("writing an export: %w", err)
		}
		return nil
	}
	err = write(beginning{
		Export: exportVersion, Organization: organization, ExportedAt: l.config.Clock.Now().UTC().Truncate(time.Second),
		After: base.Sequence, Previous: base.Hash, Part: base.Sequence > extent.Base.Sequence,
	})
	last := base
	for record, e := range l.walk(ctx, organization, base.Sequence, head) {
		if err = errors.Join(err, e); err != nil {
			return err
		}
		record.Previous = last.Hash
		last = Head{organization, record.Sequence, record.Hash}
		err = write(record)
	}
	checkpoints, e := l.held(ctx, organization)
	if err = errors.Join(err, e); err != nil {
		return err
	}
	for _, c := range checkpoints {
		if c.Sequence >= base.Sequence && c.Sequence <= last.Sequence {
			if err := write(checkpointLine{c.Checkpoint}); err != nil {
				return err
			}
		}
	}
	var end ending
	end.End.Sequence, end.End.Hash = last.Sequence, last.Hash
	if err := write(end); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("writing an export: %w", err)
	}
	return nil
}

// cut gives the record before a span's first, and the number of its last. Clocks step: what is between is in it,
// whenever it says it was.
func (l *Log) cut(ctx context.Context, organization string, span Span) (base Head, last int64, err error) {
	extent, err := l.config.Store.Extent(ctx, organization)
	if err != nil {
		return base, 0, fmt.Errorf("reading the chain's extent: %w", err)
	}
	base, last = extent.Base, extent.Sequence
	if !span.Until.IsZero() {
		found, err := l.config.Store.Records(ctx, Selection{Organization: organization, Until: span.Until, Limit: 1})
		if err != nil {
			return base, 0, fmt.Errorf("finding the last record of the span: %w", err)
		}
		last = base.Sequence
		if len(found) > 0 {
			last = found[0].Sequence
		}
	}
	if !span.Since.IsZero() {
		found, err := l.config.Store.Records(ctx, Selection{Organization: organization, Since: span.Since, Forward: true, Limit: 1})
		if err != nil {
			return base, 0, fmt.Errorf("finding the first record of the span: %w", err)
		}
		first := extent.Sequence + 1
		if len(found) > 0 {
			first = found[0].Sequence
		}
		if base, err = l.before(ctx, extent, first); err != nil {
			return base, 0, err
		}
	}
	return base, last, nil
}

// before gives the record before a number.
func (l *Log) before(ctx context.Context, extent Extent, sequence int64) (Head, error) {
	if sequence <= extent.Base.Sequence+1 {
		return extent.Base, nil
	}
	found, err := l.config.Store.Records(ctx, Selection{Organization: extent.Organization, Before: sequence, Limit: 1})
	if err != nil {
		return Head{}, fmt.Errorf("reading record %d: %w", sequence-1, err)
	}
	if len(found) == 0 {
		return extent.Base, nil
	}
	return Head{extent.Organization, found[0].Sequence, found[0].Hash}, nil
}

// Imported is an export as it was read.
type Imported struct {
	Chain
	ExportedAt time.Time
}

// maxLine bounds a line of an export: a record has a few texts of 1 KiB, and what escaping makes of them.
const maxLine = 1 << 20

// ReadExport reads an export for [Examine]. It holds the checkpoints in memory, and reads the records as they are asked
// for: reopen opens the text anew, for it is read twice.
func ReadExport(reopen func() (io.ReadCloser, error)) (Imported, error) {
	var out Imported
	var begun bool
	var ended *ending
	for text, err := range exportLines(reopen) {
		if err != nil {
			return out, err
		}
		switch {
		case !begun:
			var first beginning
			if err := json.Unmarshal(text, &first); err != nil || first.Export == 0 {
				return out, errors.New("reading an export: its first line is not the beginning of one")
			}
			if first.Export != exportVersion {
				return out, fmt.Errorf("reading an export: it is of version %d of the format, which this program does not know", first.Export)
			}
			begun = true
			out.ExportedAt = first.ExportedAt
			out.Organization, out.Part = first.Organization, first.Part
			out.Base = Head{first.Organization, first.After, first.Previous}
		case ended != nil:
			return out, errors.New("reading an export: there is more after its end")
		case bytes.HasPrefix(text, []byte(`{"checkpoint":`)):
			var c checkpointLine
			if err := strict(text, &c); err != nil {
				return out, fmt.Errorf("reading a checkpoint of the export: %w", err)
			}
			c.Checkpoint.At = c.Checkpoint.At.UTC()
			out.Checkpoints = append(out.Checkpoints, Held{Checkpoint: c.Checkpoint})
		case bytes.HasPrefix(text, []byte(`{"end":`)):
			ended = new(ending)
			if err := strict(text, ended); err != nil {
				return out, fmt.Errorf("reading the end of the export: %w", err)
			}
		}
	}
	if !begun {
		return out, errors.New("reading an export: it is empty")
	}
	if ended == nil {
		return out, errors.New("reading an export: it was cut off, the line with its end is missing")
	}
	out.Head = &Head{out.Organization, ended.End.Sequence, ended.End.Hash}
	out.Records = exportRecords(reopen)
	return out, nil
}

func exportRecords(reopen func() (io.ReadCloser, error)) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		number := 0
		for text, err := range exportLines(reopen) {
			number++
			if err == nil && (number == 1 || bytes.HasPrefix(text, []byte(`{"checkpoint":`)) || bytes.HasPrefix(text, []byte(`{"end":`))) {
				continue
			}
			var r Record
			if err == nil {
				if err = json.Unmarshal(text, &r); err != nil {
					err = fmt.Errorf("reading line %d of the export: %w", number, err)
				}
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

func exportLines(reopen func() (io.ReadCloser, error)) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		in, err := reopen()
		if err != nil {
			yield(nil, fmt.Errorf("opening an export: %w", err))
			return
		}
		defer func() { _ = in.Close() }()
		lines := bufio.NewScanner(in)
		lines.Buffer(make([]byte, 0, 64<<10), maxLine)
		for lines.Scan() {
			if text := bytes.TrimSpace(lines.Bytes()); len(text) > 0 && !yield(text, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(nil, fmt.Errorf("reading an export: %w", err))
		}
	}
}
