// A program that calls a connection's service, with no OAuth code and no token in its own:
//
//	LATCHKEY_URL=… LATCHKEY_KEY=… go run ./examples/go CONNECTION URL
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"

	"latchkey/client"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("expected CONNECTION URL, got %d arguments", len(args))
	}
	c, err := client.New(client.Config{URL: os.Getenv("LATCHKEY_URL"), Key: os.Getenv("LATCHKEY_KEY")})
	if err != nil {
		return err
	}
	// The keeper gives tokens from memory, renews them, and goes on while the server is away.
	keeper, err := client.NewKeeper(client.KeeperConfig{Client: c})
	if err != nil {
		return err
	}
	defer keeper.Close()
	service := &http.Client{Transport: &client.Transport{Keeper: keeper, Connection: args[0]}}

	response, err := service.Get(args[1])
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	fmt.Println(response.Status)
	_, err = io.Copy(os.Stdout, response.Body)
	return err
}
