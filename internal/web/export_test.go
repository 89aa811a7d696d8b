package web

import "strings"

// What tests of this room's checks reach for.
var LocalPath = localPath

// ReadPages reads every page, as each is when it is first shown.
func ReadPages() error {
	p := Pages{assets: newAssets()}
	all, err := p.parseTemplates()
	if err != nil {
		return err
	}
	entries, err := pages.ReadDir("pages")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if name := strings.TrimSuffix(entry.Name(), ".html"); name != "layout" && !strings.HasPrefix(name, "parts") {
			if _, err := all.page(name); err != nil {
				return err
			}
		}
	}
	return nil
}
