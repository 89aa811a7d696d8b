package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"latchkey/client"
)

// completeFields asks for what is not given. Where nobody can be asked, what is missing is an error that says how to
// pass each. Optional fields are asked for only when none was given: who passes some knows the rest. A field whose
// condition does not hold is neither asked for nor missing.
func (p *program) completeFields(
	ctx context.Context, fields map[string]any, prompts []client.Prompt, optional bool,
) error {
	var missing []client.Prompt
	for _, prompt := range conditionsFirst(prompts) {
		needed := prompt.Required && prompt.Default == nil
		shown := optional && !prompt.Hidden && !prompt.ReadOnly
		if _, ok := fields[prompt.Name]; ok || !needed && !shown || !holds(prompt.Condition, fields, prompts) {
			continue
		}
		if !p.interactive() {
			missing = append(missing, prompt)
			continue
		}
		value, given, err := p.askField(ctx, prompt)
		if err != nil {
			return err
		}
		if given {
			fields[prompt.Name] = value
		}
	}
	return missingError(missing)
}

// conditionsFirst puts prompts that a condition depends on before those that have it, and leaves the order else.
func conditionsFirst(prompts []client.Prompt) []client.Prompt {
	var out []client.Prompt
	waiting := slices.Clone(prompts)
	for len(waiting) > 0 {
		next := slices.IndexFunc(waiting, func(p client.Prompt) bool {
			return p.Condition == nil || !named(waiting, p.Condition.Field)
		})
		next = max(next, 0) // those that depend on each other come as they stand
		out = append(out, waiting[next])
		waiting = slices.Delete(waiting, next, next+1)
	}
	return out
}

func named(prompts []client.Prompt, name string) bool {
	return slices.ContainsFunc(prompts, func(p client.Prompt) bool { return p.Name == name })
}

// holds tells whether a prompt is to be asked, as the server will judge it: a field that is not given has its default.
func holds(condition *client.Condition, fields map[string]any, prompts []client.Prompt) bool {
	if condition == nil {
		return true
	}
	value, given := fields[condition.Field]
	if !given {
		value = promptOf(prompts, condition.Field).Default
	}
	return value != nil && scalarText(value) == scalarText(condition.Value)
}

// scalarText writes a value as JSON has it, but for the quotes: 12345678, where %v of a float64 is 1.2345678e+07.
func scalarText(value any) string {
	if number, ok := value.(float64); ok {
		return strconv.FormatFloat(number, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}

func missingError(missing []client.Prompt) error {
	var lines []string
	for _, prompt := range missing {
		if !prompt.Required || prompt.Default != nil {
			continue
		}
		how := "--field " + prompt.Name + "=VALUE"
		if prompt.Secret {
			how = fmt.Sprintf("--field %s=@FILE, or %s=- for standard input", prompt.Name, prompt.Name)
		}
		title := ""
		if prompt.Title != "" && !strings.EqualFold(prompt.Title, prompt.Name) {
			title = " (" + prompt.Title + ")"
		}
		lines = append(lines, "\n  "+prompt.Name+title+": "+how)
	}
	switch len(lines) {
	case 0:
		return nil
	case 1:
		return &usageError{text: "a field is missing:" + lines[0]}
	}
	return &usageError{text: fmt.Sprintf("%d fields are missing:%s", len(lines), strings.Join(lines, ""))}
}

// askField asks for one field until the answer fits; given is false for an optional one that was left out.
func (p *program) askField(ctx context.Context, prompt client.Prompt) (value any, given bool, err error) {
	title := prompt.Title
	if title == "" {
		title = prompt.Name
	}
	if prompt.Description != "" && prompt.Description != title {
		p.tell("%s", prompt.Description)
	}
	for i, choice := range prompt.Enum {
		p.tell("  %d) %s", i+1, choiceTitle(choice))
	}
	for {
		ask := p.ask
		if prompt.Secret {
			ask = p.askHidden
		}
		text, err := ask(ctx, title+noteOf(prompt)+": ")
		if err != nil {
			return nil, false, err
		}
		if text == "" && (prompt.Default != nil || !prompt.Required) {
			return nil, false, nil
		}
		if text == "" {
			p.tell("it is needed")
			continue
		}
		value, err := typed(prompt, text)
		if err == nil {
			return value, true, nil
		}
		if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(prompt.Enum) {
			return prompt.Enum[n-1].Value, true, nil
		}
		p.tell("%v", err)
	}
}

// noteOf tells what an empty answer means.
func noteOf(prompt client.Prompt) string {
	switch {
	case prompt.Default != nil:
		return fmt.Sprintf(" [%v]", prompt.Default)
	case prompt.Required:
		return ""
	}
	return " (optional)"
}

func choiceTitle(choice client.Choice) string {
	value := fmt.Sprint(choice.Value)
	if choice.Name == "" || choice.Name == value {
		return value
	}
	return choice.Name + " (" + value + ")"
}
