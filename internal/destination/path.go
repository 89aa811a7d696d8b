package destination

// Path says where a value is in a response (spec §3.7). The zero Path says nowhere.
type Path struct {
	text string
}

// String gives the path as it is written.
func (p Path) String() string { return p.text }

// Empty tells whether the path says nowhere.
func (p Path) Empty() bool { return p.text == "" }
