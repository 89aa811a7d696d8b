package destination

import (
	"maps"
	"slices"
)

// Members gives every member that the model knows.
func Members() []string {
	all := map[string]bool{}
	for _, known := range []map[string]bool{entryMembers, optionMembers, fieldMembers, requestMembers, templateMembers} {
		maps.Copy(all, known)
	}
	for _, draft := range []string{"protocol", "requiresAggregation", "qos", "fileTemplate"} { // kept for old documents
		delete(all, draft)
	}
	return slices.Sorted(maps.Keys(all))
}
