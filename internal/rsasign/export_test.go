package rsasign

// Verified is what the assembly alone says.
var Verified = verified
