package campaign

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/suggest"
)

// IMS is <shared><ims>: the credentials at IMS.
type IMS struct {
	Endpoint string
	// ClientID, Secret and Code are for service tokens.
	ClientID     string
	Secret, Code Value
	// TechnicalClientID is that of the technical account: the credential in the developer console. The secret and, for
	// JWT, the private key belong to it.
	TechnicalClientID             string
	TechnicalAccount              string
	TechnicalSecret, TechnicalKey Value
}

// Pipelined is <pipelined>: the daemon.
type Pipelined struct {
	// Configured tells whether a file has the element at all. Without it the vendor's server knows no such process.
	Configured bool

	AppName, Args, GatewayEndpoint string
	PrivateKey                     Value
	AuthType                       string
	AutoStart, DisableAuth         bool

	DiscoverEndpoint, ForcedEndpoint string
	// DumpStatePeriod is 0 for never.
	DumpStatePeriod                time.Duration
	InitScript                     string
	MemoryAlertMB, MemoryWarningMB int
	MonitorPort                    int // 0 is none
	PointerFlushCount              int
	PointerFlushPeriod             time.Duration
	RestartTime                    time.Duration // since midnight
	JSThreads, Threads             int
	RetryPeriod, RetryValidity     time.Duration
	RunLevel                       int
}

// Grant says how the daemon gets its tokens.
type Grant string

// The grants.
const (
	// GrantNone needs no token: disableAuth.
	GrantNone Grant = "none"
	// GrantGateway signs with authPrivateKey at the legacy gateway.
	GrantGateway Grant = "gateway"
	// GrantJWT exchanges a JWT at IMS that the technical account's key has signed.
	GrantJWT Grant = "jwt"
	// GrantOAuth takes a token with the technical account's client secret alone.
	GrantOAuth Grant = "oauth"
)

// Grant gives the one that the attributes select. authType stays "imsJwtToken" with OAuth server-to-server, as the
// vendor has it: there it is the missing private key that tells.
func (i *Instance) Grant() Grant {
	switch {
	case i.Pipelined.DisableAuth:
		return GrantNone
	case !strings.EqualFold(i.Pipelined.AuthType, JWTToken):
		return GrantGateway
	case i.IMS.TechnicalKey.Text == "":
		return GrantOAuth
	}
	return GrantJWT
}

// fill reads the types off the files.
func (i *Instance) fill() {
	text := func(path, name string) string { return strings.TrimSpace(i.Value(path, name).Text) }
	i.Organization = text(PathRedirection, Organization)
	i.IMS = IMS{
		Endpoint: i.address(PathIMS, "authIMSEndpoint"), ClientID: text(PathIMS, "authIMSClientId"),
		Secret: i.Value(PathIMS, "authIMSClientSecret"), Code: i.Value(PathIMS, "authIMSCode"),
		TechnicalClientID: text(PathIMS, TechnicalClient), TechnicalAccount: text(PathIMS, TechnicalAccount),
		TechnicalSecret: i.Value(PathIMS, TechnicalSecret), TechnicalKey: i.Value(PathIMS, TechnicalKey),
	}
	seconds := func(name string, least int) time.Duration {
		return time.Duration(i.number(name, least, 1<<31)) * time.Second
	}
	i.Pipelined = Pipelined{
		Configured: i.Has(PathPipelined),
		AppName:    text(PathPipelined, "appName"), Args: text(PathPipelined, "args"), GatewayEndpoint: i.address(PathPipelined, "authGatewayEndpoint"),
		PrivateKey: i.Value(PathPipelined, "authPrivateKey"), AuthType: text(PathPipelined, AuthType),
		AutoStart: i.truth("autoStart"), DisableAuth: i.truth("disableAuth"),
		DiscoverEndpoint: i.address(PathPipelined, "discoverPipelineEndpoint"), ForcedEndpoint: i.address(PathPipelined, "forcedPipelineEndpoint"),
		DumpStatePeriod: seconds("dumpStatePeriodSec", 0), InitScript: text(PathPipelined, "initScript"),
		MemoryAlertMB: i.number("maxProcessMemoryAlertMb", 0, 1<<31), MemoryWarningMB: i.number("maxProcessMemoryWarningMb", 0, 1<<31),
		MonitorPort:       i.number("monitorServerPort", 0, 65535),
		PointerFlushCount: i.number("pointerFlushMessageCount", 1, 1<<31), PointerFlushPeriod: seconds("pointerFlushPeriodSec", 1),
		RestartTime: i.timeOfDay("processRestartTime"),
		JSThreads:   i.number("processingJSThreads", 1, 1024), Threads: i.number("processingThreads", 1, 1024),
		RetryPeriod: seconds("retryPeriodSec", 1), RetryValidity: seconds("retryValiditySec", 0),
		RunLevel: i.number("runLevel", 0, 1<<15-1),
	}
	i.doubt()
}

// wrong notes a value that its attribute has no use for; the default stands for it.
func (i *Instance) wrong(v Value, expected string) {
	i.Problems = append(i.Problems, Problem{
		v, true, fmt.Sprintf("%.40q is not %s", v.Text, expected), fmt.Sprintf("correct it, or take the attribute out: then it is %q", v.Default),
	})
}

func (i *Instance) number(name string, least, most int) int {
	v := i.Value(PathPipelined, name)
	number, err := strconv.Atoi(strings.TrimSpace(v.Text))
	if err == nil && number >= least && number <= most {
		return number
	}
	if v.Text != "" {
		i.wrong(v, fmt.Sprintf("a number from %d to %d", least, most))
	}
	number, _ = strconv.Atoi(v.Default) // a table of ours
	return number
}

func (i *Instance) truth(name string) bool {
	v := i.Value(PathPipelined, name)
	switch strings.ToLower(strings.TrimSpace(v.Text)) {
	case "true", "1", "yes":
		return true
	case "false", "0", "no", "":
		return false
	}
	if v.Text != "2" { // the vendor's reference prints 2 as a default, which is no truth
		i.wrong(v, "true or false")
	}
	return false
}

func (i *Instance) timeOfDay(name string) time.Duration {
	v := i.Value(PathPipelined, name)
	at, err := time.Parse(time.TimeOnly, strings.TrimSpace(v.Text))
	if err != nil {
		if v.Text != "" {
			i.wrong(v, "a time as 06:00:00 is")
		}
		at, _ = time.Parse(time.TimeOnly, v.Default) // a table of ours
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute + time.Duration(at.Second())*time.Second
}

// address gives a URL without its last slash.
func (i *Instance) address(path, name string) string {
	v := i.Value(path, name)
	text := strings.TrimSpace(v.Text)
	u, err := url.Parse(text)
	switch {
	case text == "":
		return v.Default // there is none but for the one that is to be forced, whose default is nothing
	case err == nil && u.User != nil: // not repeated: it may hold a password
		i.Problems = append(i.Problems, Problem{v, true, "it holds a user or a password, which has no place in a URL here", "take that out"})
		return v.Default
	case err != nil, u.Scheme != "https" && u.Scheme != "http", u.Host == "":
		i.wrong(v, "a URL as https://pipeline.example.com is")
		return v.Default
	}
	return strings.TrimRight(text, "/")
}

// doubt notes what can be read and is hardly meant.
func (i *Instance) doubt() {
	note := func(v Value, message, fix string) { i.Problems = append(i.Problems, Problem{v, false, message, fix}) }
	for _, v := range i.Effective() {
		meant := v.Name == TechnicalKey && i.IMS.TechnicalSecret.File == v.File // OAuth needs no key, and this takes the other one's away
		if v.EmptyOverride() && !meant {
			note(v, fmt.Sprintf("it is empty, and takes away what %s says in line %d", v.Hidden.File, v.Hidden.Line), "take the attribute out of "+v.File)
		}
	}
	for _, v := range []Value{i.IMS.TechnicalSecret, i.IMS.TechnicalKey, i.Pipelined.PrivateKey} {
		switch v.Form() {
		case FormVendor:
			note(v, "the vendor's server has encrypted it, and nobody else can decrypt it", "enter it again: nlserver config")
		case FormPlain:
			note(v, "it stands there in clear", "put it in by nlserver config, which seals it")
		}
	}
	switch v := i.Value(PathPipelined, AuthType); {
	case v.Text == "" && i.IMS.TechnicalClientID != "":
		note(v, "the technical account is configured, and pipelined still goes to the legacy gateway", "set it to "+JWTToken+" (step 3)")
	case v.Text != "" && v.Text != JWTToken:
		fix := "write " + JWTToken + ", or take it out for the legacy gateway"
		if near, ok := suggest.Closest(v.Text, []string{JWTToken}); ok {
			fix = "did you mean " + near + "?"
		}
		note(v, fmt.Sprintf("%.40q is no way to get a token", v.Text), fix)
	}
	for _, f := range i.files {
		for _, path := range []string{"shared", PathIMS, PathPipelined, "web", PathRedirection} {
			if found := f.doc.find(path); len(found) > 1 {
				line, _ := f.doc.place(found[1].at)
				note(Value{File: f.name, Line: line}, fmt.Sprintf("<%s> stands there a second time; the first one counts", found[1].name), "take one out")
			}
		}
	}
}
