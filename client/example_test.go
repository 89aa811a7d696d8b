package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"latchkey/client"
)

// exampleServer stands in for a Latchkey with one connection; latchkeytest starts a whole one.
func exampleServer() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/v1/connections/moviestar-acme/token":
			fmt.Fprintf(w, `{"access_token":"s3cret","token_type":"Bearer","expires_at":%q,"expires_in":3600,"generation":1,"connection":"conn_1"}`,
				time.Now().Add(time.Hour).Format(time.RFC3339))
		case "/api/v1/connections/moviestar-acme/placement":
			fmt.Fprint(w, `{"header":"Authorization","prefix":"Bearer "}`)
		default:
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"type":"/docs/errors#not_found","title":"Not found","detail":"there is no such connection","status":404}`)
		}
	}))
}

func exampleKeeper(url string) *client.Keeper {
	c, err := client.New(client.Config{URL: url, Key: "lk_example"})
	if err != nil {
		log.Fatal(err)
	}
	keeper, err := client.NewKeeper(client.KeeperConfig{Client: c})
	if err != nil {
		log.Fatal(err)
	}
	return keeper
}

// A program makes one keeper, and asks it each time it needs a token.
func ExampleKeeper() {
	server := exampleServer()
	c, err := client.New(client.Config{URL: server.URL, Key: "lk_example"})
	if err != nil {
		log.Fatal(err)
	}
	keeper, err := client.NewKeeper(client.KeeperConfig{Client: c})
	if err != nil {
		log.Fatal(err)
	}
	defer keeper.Close()

	token, err := keeper.Token(context.Background(), "moviestar-acme", client.TokenOptions{})
	fmt.Println(token.TokenType, len(token.AccessToken), err)

	server.Close() // the token is in memory, and valid for an hour
	token, err = keeper.Token(context.Background(), "moviestar-acme", client.TokenOptions{})
	fmt.Println(token.TokenType, len(token.AccessToken), err)
	// Output:
	// Bearer 6 <nil>
	// Bearer 6 <nil>
}

// The service's calls are sent with the token, which is renewed when the service refuses it.
func ExampleTransport() {
	server := exampleServer()
	defer server.Close()
	keeper := exampleKeeper(server.URL)
	defer keeper.Close()
	moviestar := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "hello, ", r.Header.Get("Authorization"))
	}))
	defer moviestar.Close()

	service := &http.Client{Transport: &client.Transport{Keeper: keeper, Connection: "moviestar-acme"}}
	response, err := service.Get(moviestar.URL + "/me")
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(os.Stdout, response.Body)
	// Output: hello, Bearer s3cret
}

// The error says what to do: wait, or have somebody connect the account again.
func ExampleNoTokenError() {
	server := exampleServer()
	defer server.Close()
	keeper := exampleKeeper(server.URL)
	defer keeper.Close()

	_, err := keeper.Token(context.Background(), "gone", client.TokenOptions{})
	if none, ok := errors.AsType[*client.NoTokenError](err); ok {
		fmt.Println("taken back:", none.TakenBack())
		fmt.Println(none.Err)
	}
	// Output:
	// taken back: true
	// there is no such connection
}

// With a file, the next process has the tokens that this one had, though the server be away.
func ExampleKeeperConfig_file() {
	server := exampleServer()
	directory, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(directory)
	c, err := client.New(client.Config{URL: server.URL, Key: "lk_example"})
	if err != nil {
		log.Fatal(err)
	}
	config := client.KeeperConfig{
		Client: c, File: filepath.Join(directory, "tokens"),
		FileKey: bytes.Repeat([]byte{1}, 32), // from the program's own secrets
	}
	first, err := client.NewKeeper(config)
	if err != nil {
		log.Fatal(err)
	}
	_, _ = first.Token(context.Background(), "moviestar-acme", client.TokenOptions{})
	first.Close()
	server.Close()

	next, err := client.NewKeeper(config)
	if err != nil {
		log.Fatal(err)
	}
	defer next.Close()
	_, err = next.Token(context.Background(), "moviestar-acme", client.TokenOptions{})
	fmt.Println(err)
	// Output: <nil>
}
