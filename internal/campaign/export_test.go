package campaign

// EditText is Instance.Edit for a text, without files.
func EditText(src []byte, changes ...Change) ([]byte, error) { return edit(src, changes) }
