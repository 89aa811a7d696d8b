package destination

// Prompt is one thing to ask a customer. Forms and command lines are made from prompts.
type Prompt struct {
	Name        string     `json:"name"`
	Title       string     `json:"title"`
	Description string     `json:"description,omitempty"`
	Type        FieldType  `json:"type"`
	Required    bool       `json:"required"`
	Secret      bool       `json:"secret"`
	Enum        []Choice   `json:"enum,omitempty"`
	Pattern     string     `json:"pattern,omitempty"`
	Default     any        `json:"default,omitempty"`
	Hidden      bool       `json:"hidden,omitempty"`
	ReadOnly    bool       `json:"read_only,omitempty"`
	Condition   *Condition `json:"condition,omitempty"`
}

// Choice is one value of a drop-down, and what to call it.
type Choice struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// Condition makes a prompt depend on another one: it is asked only when Field has Value.
type Condition struct {
	Field string `json:"field"`
	Value any    `json:"value"`
}

// FieldType is the declared type of a field's value (spec §1.5, I12).
type FieldType string

// The types of fields. A field without a type takes any scalar and keeps it as it is.
const (
	StringType  FieldType = "string"
	BooleanType FieldType = "boolean"
	IntegerType FieldType = "integer"
	ObjectType  FieldType = "object"
)
