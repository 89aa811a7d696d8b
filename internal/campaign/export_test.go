package campaign

// EditText is Instance.Edit for a text, without files.
func EditText(src []byte, changes ...Change) ([]byte, error) { return edit(src, changes) }

// CrashBeforeRename makes Edit.Write end in a panic once the copy is on the disk.
func CrashBeforeRename(e *Edit) { e.copied = func() { panic("crash") } }
