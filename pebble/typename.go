package pebble

// javaClass is the name that the Java engine's messages give to v's type.
func (v Value) javaClass() string {
	switch v.kind {
	case kBool:
		return "java.lang.Boolean"
	case kInt:
		return "java.lang.Integer"
	case kLong:
		return "java.lang.Long"
	case kLazy:
		return "io.pebbletemplates.pebble.node.fornode.LazyLength"
	case kBig:
		return "java.math.BigInteger"
	case kDouble:
		return "java.lang.Double"
	case kChar:
		return "java.lang.Character"
	case kString:
		return "java.lang.String"
	case kSafe:
		return "io.pebbletemplates.pebble.extension.escaper.SafeString"
	case kList:
		return "java.util.ArrayList"
	case kArray:
		return "[Ljava.lang.String;"
	case kMap:
		if _, ok := v.o.(*dict); ok {
			return "java.util.HashMap"
		}
		return "java.util.LinkedHashMap"
	case kEntry:
		return "java.util.Map$Entry"
	case kLoop:
		return "io.pebbletemplates.pebble.node.ForNode$LoopVariables"
	case kContext:
		return "io.pebbletemplates.pebble.template.GlobalContext"
	}
	return "java.lang.Object"
}

// typeName is the word that our own messages use for v's type.
func (v Value) typeName() string {
	switch v.kind {
	case kNull:
		return "null"
	case kBool:
		return "a boolean"
	case kInt, kLong, kLazy, kBig, kDouble:
		return "a number"
	case kChar:
		return "a character"
	case kString:
		return "a string"
	case kSafe:
		return "a safe string"
	case kList:
		return "a list"
	case kArray:
		return "an array"
	case kMap:
		return "a map"
	}
	return "an object"
}
