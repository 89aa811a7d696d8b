package latchkeytest_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"latchkey/client"
	"latchkey/latchkeytest"
)

// A token is renewed before it ends, and by the server's clock an hour passes at once.
func Example() {
	latchkey, err := latchkeytest.Open() // in a test: latchkeytest.Start(t)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = latchkey.Close() }()

	acme := latchkey.Connection("acme", latchkeytest.Password)
	for range 3 {
		token, err := latchkey.Client().Token(context.Background(), acme.ID, client.TokenOptions{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("token", token.Generation)
		latchkey.Advance(time.Hour)
	}
	// Output:
	// token 1
	// token 2
	// token 3
}

// The provider is away for the first two tries.
func ExampleServer_Fault() {
	latchkey, err := latchkeytest.Open()
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = latchkey.Close() }()

	acme := latchkey.Connection("acme", latchkeytest.AuthorizationCode)
	latchkey.Fault(latchkeytest.Status(503).ForGrant(latchkeytest.Refresh).Times(2))
	latchkey.Advance(time.Hour)
	for _, request := range latchkey.Requests() {
		if request.Grant != "" {
			fmt.Println(request.Grant, request.Status)
		}
	}
	token, err := latchkey.Client().Token(context.Background(), acme.ID, client.TokenOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("token", token.Generation)
	// Output:
	// authorization_code 200
	// refresh_token 503
	// refresh_token 503
	// refresh_token 200
	// token 2
}
