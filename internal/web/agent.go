package web

import (
	"fmt"
	"strings"
)

// browserWords says what a browser and its system are called, from what it says of itself: "Firefox on Linux". It is for
// people to know their own again; nothing depends on it.
func browserWords(agent string) string {
	if agent == "" {
		return "a browser that does not say what it is"
	}
	name := firstNamed(agent, [][2]string{
		{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	})
	system := firstNamed(agent, [][2]string{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"}, {"Windows", "Windows"}, {"Macintosh", "macOS"}, {"Linux", "Linux"},
	})
	switch {
	case name != "" && system != "":
		return name + " on " + system
	case name != "":
		return name
	}
	product, _, _ := strings.Cut(agent, " ")
	return fmt.Sprintf("%.40s", product)
}

func firstNamed(text string, names [][2]string) string {
	for _, n := range names {
		if strings.Contains(text, n[0]) {
			return n[1]
		}
	}
	return ""
}
