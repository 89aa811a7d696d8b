package pebble_test

// declaredDifferences lists the cases whose answer differs from the Java
// engine's on purpose: case → reason. Most call methods of Java objects, which
// a template here cannot do.
func declaredDifferences() map[string]string {
	return map[string]string{
		// literals
		"c0258": "calls the method length of a string",

		// equality
		"c0359": "calls the methods toString and intValue",

		// attributes
		"c0601": "calls the method getBytes",

		// attributes-strict
		"c0657": "calls the method size of a map",

		// methods-core
		"c0663": "calls the method length of a string",
		"c0664": "calls the method toUpperCase of a string",
		"c0665": "calls the method substring of a string",
		"c0666": "calls the method substring of a string",
		"c0667": "calls the method substring of a string",
		"c0669": "calls the method split of a string",
		"c0670": "calls the method length of a string",
		"c0671": "calls the method size of a list",
		"c0673": "calls the method keySet of a map",
		"c0674": "calls the method keySet of a map",
		"c0675": "calls the method keySet of a map",
		"c0676": "calls the method getKey of an object",
		"c0677": "calls the method get of a map",
		"c0680": "calls the method size of a map",
		"c0682": "calls the method size of a map",
		"c0683": "calls the method size of a map",
		"c0684": "calls the method length of a string",
		"c0685": "calls the method toString of a character",
		"c0686": "calls the methods length and toString of a safe string",
		"c0687": "calls the method intValue of a number",
		"c0688": "calls the method doubleValue of a number",
		"c0689": "calls the method intValue of a number",
		"c0690": "calls the method longValue of a number",

		// methods-mutating
		"c0692": "calls the method add of a list",
		"c0693": "calls the method put of a map",
		"c0694": "calls the method clear of a list",
		"c0695": "calls the method add of a list",
		"c0697": "sort and reverse make a new list; in Java they change the variable",
		"c0698": "calls the method setValue of an object",
		"c0699": "calls the method remove of a list",

		// for
		"c0741": "calls the method get of a list",
		"c0760": "calls the method values of a map",

		// set
		"c0786": "calls the method add of a list",

		// include
		"c0880": "sort and reverse make a new list; in Java they change the variable",

		// cache
		"c0962": "what cache holds is escaped like anything else; the Java engine forgets to",

		// functions
		"c0977": "calls the method intValue of a number",

		// print
		"c1031": "calls the method keySet of a map",

		// filter-join
		"c1218": "sort and reverse make a new list; in Java they change the variable",
		"c1219": "calls the method keySet of a map",

		// filter-length
		"c1223": "calls the method keySet of a map",

		// scoping
		"c1328": "calls the method add of a list",
	}
}
