package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/suggest"
)

const fieldHelp = `A field's value is given as NAME=VALUE, NAME=@FILE (the file's text), or NAME=- (standard input). Secrets belong
into the last two: a plain argument shows in the process list. --fields FILE takes many at once, as a JSON object.`

// givenFields are the values of the flags --field and --fields.
type givenFields struct {
	single []string
	file   string
}

func (g *givenFields) flags(command *cobra.Command) {
	command.Flags().StringArrayVar(&g.single, "field", nil,
		"a field, `NAME=VALUE`, NAME=@FILE or NAME=-; repeat for more")
	command.Flags().StringVar(&g.file, "fields", "", "`file` of fields, a JSON object; - for standard input")
}

func (g *givenFields) empty() bool { return len(g.single) == 0 && g.file == "" }

// secretName tells of names that secrets have, for fields of which nothing more is known.
var secretName = regexp.MustCompile(`(?i)(secret|password|token|key|assertion)$`)

// readFields reads what the flags give, with the types that the prompts ask for.
func (p *program) readFields(given givenFields, prompts []client.Prompt) (map[string]any, error) {
	fields, err := p.readFieldsFile(given.file)
	if err != nil {
		return nil, err
	}
	for _, argument := range given.single {
		name, text, ok := strings.Cut(argument, "=")
		if !ok || name == "" {
			return nil, &usageError{
				text: "--field is of the form NAME=VALUE",
				hint: "the names: latchkey definition prompts DEFINITION",
			}
		}
		prompt := promptOf(prompts, name)
		plain := text != "-" && !strings.HasPrefix(text, "@")
		if plain && text != "" && (prompt.Secret || prompt.Type == "" && secretName.MatchString(name)) {
			p.warn("--field %s=… on the command line shows in the process list and the shell's history; "+
				"%s=@FILE and %s=- do not", name, name, name)
		}
		value, err := p.value("--field "+name, text)
		if err != nil {
			return nil, err
		}
		if fields[name], err = typed(prompt, value); err != nil {
			return nil, &usageError{text: err.Error()}
		}
	}
	return fields, nil
}

func (p *program) readFieldsFile(file string) (map[string]any, error) {
	fields := map[string]any{}
	if file == "" {
		return fields, nil
	}
	text, err := p.readInput("--fields", file)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil || fields == nil {
		return nil, fmt.Errorf("%s does not hold a JSON object of fields", file)
	}
	return fields, nil
}

// promptOf gives the prompt of a field; one without a type when there is none.
func promptOf(prompts []client.Prompt, name string) client.Prompt {
	for _, prompt := range prompts {
		if prompt.Name == name {
			return prompt
		}
	}
	return client.Prompt{Name: name}
}

// typed reads a text as the type that a prompt asks for. Its errors do not repeat the text: it may be a secret.
func typed(prompt client.Prompt, text string) (any, error) {
	if len(prompt.Enum) > 0 {
		return chosen(prompt, text)
	}
	switch prompt.Type {
	case "boolean":
		switch strings.ToLower(text) {
		case "true", "yes", "y":
			return true, nil
		case "false", "no", "n":
			return false, nil
		}
		return nil, fmt.Errorf("%s is true or false", prompt.Name)
	case "integer":
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			return nil, fmt.Errorf("%s is a whole number", prompt.Name)
		}
		return json.Number(text), nil
	case "number":
		if _, err := strconv.ParseFloat(text, 64); err != nil || !json.Valid([]byte(text)) {
			return nil, fmt.Errorf("%s is a number", prompt.Name)
		}
		return json.Number(text), nil
	case "object", "array":
		if !json.Valid([]byte(text)) {
			return nil, fmt.Errorf("%s is JSON of the type %s", prompt.Name, prompt.Type)
		}
		return json.RawMessage(text), nil
	}
	// The server checks again, with the same words for everyone; a pattern that Go does not know is left to it.
	pattern, err := regexp.Compile(`^(?:` + prompt.Pattern + `)$`)
	if err == nil && prompt.Pattern != "" && !pattern.MatchString(text) {
		return nil, fmt.Errorf("%s does not match %s", prompt.Name, prompt.Pattern)
	}
	return text, nil
}

// chosen finds the value of an enumeration that a text means: the value itself or what people call it.
func chosen(prompt client.Prompt, text string) (any, error) {
	var values []string
	for _, choice := range prompt.Enum {
		value := fmt.Sprint(choice.Value)
		if value == text || choice.Name != "" && strings.EqualFold(choice.Name, text) {
			return choice.Value, nil
		}
		values = append(values, value)
	}
	return nil, fmt.Errorf("%s is one of %s", prompt.Name, strings.Join(values, ", "))
}

// checkNames refuses fields that the definition does not have.
func checkNames(fields map[string]any, prompts []client.Prompt, definition string) error {
	var names []string
	for _, prompt := range prompts {
		names = append(names, prompt.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if slices.Contains(names, name) {
			continue
		}
		err := &usageError{text: fmt.Sprintf("%s has no field %q", definition, name), hint: "it asks for nothing"}
		if near, ok := suggest.Closest(name, names); ok {
			err.hint = "did you mean " + near + "?"
		} else if len(names) > 0 {
			err.hint = "its fields are " + strings.Join(names, ", ")
		}
		return err
	}
	return nil
}
