package campaign

// The attributes that say by which credential pipelined gets tokens, and from whom.
var credentialAttributes = []struct{ path, name string }{
	{PathRedirection, Organization}, {PathIMS, "authIMSEndpoint"}, {PathIMS, TechnicalClient}, {PathIMS, TechnicalAccount}, {PathIMS, TechnicalSecret}, {PathIMS, TechnicalKey},
	{PathPipelined, AuthType}, {PathPipelined, "appName"}, {PathPipelined, "authGatewayEndpoint"}, {PathPipelined, "authPrivateKey"}, {PathPipelined, "disableAuth"},
}

// Standing gives how the attributes of pipelined's credential stand in the instance's own file: a change for each, that
// makes it stand so again.
func (i *Instance) Standing() []Change {
	var all []Change
	for _, a := range credentialAttributes {
		c := Change{Path: a.path, Attribute: a.name, Remove: true}
		if v := i.Value(a.path, a.name); v.File == FileName(i.Name) {
			c.Value, c.Remove = v.Text, false
		}
		all = append(all, c)
	}
	return all
}
