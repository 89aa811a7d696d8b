package target

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// The versions of the resources that are called here (§2.5). Without one a server answers in the first.
const (
	versionAudiences  = 3
	versionActivities = 3
	versionOffers     = 2
	versionMboxes     = 1
	versionProperties = 1
)

// Audiences asks for a page of the audiences.
func (c *Client) Audiences(ctx context.Context, at Account, q Query, each func(Audience) error) (Page, error) {
	return list(ctx, c, call{at: at, path: "audiences", version: versionAudiences}, q, "audiences", each)
}

// Audience gives one.
func (c *Client) Audience(ctx context.Context, at Account, id int64) (Audience, error) {
	return one[Audience](ctx, c, call{at: at, path: "audiences/" + strconv.FormatInt(id, 10), version: versionAudiences})
}

// Activities gives all activities.
func (c *Client) Activities(ctx context.Context, at Account, q Query) iter.Seq2[Activity, error] {
	return all(ctx, q, func(ctx context.Context, q Query, each func(Activity) error) (Page, error) {
		return list(ctx, c, call{at: at, path: "activities", version: versionActivities}, q, "activities", each)
	})
}

// Mboxes gives all mboxes.
func (c *Client) Mboxes(ctx context.Context, at Account, q Query) iter.Seq2[Mbox, error] {
	return all(ctx, q, func(ctx context.Context, q Query, each func(Mbox) error) (Page, error) {
		return list(ctx, c, call{at: at, path: "mboxes", version: versionMboxes}, q, "mboxes", each)
	})
}

// Properties gives all properties.
func (c *Client) Properties(ctx context.Context, at Account, q Query) iter.Seq2[Property, error] {
	return all(ctx, q, func(ctx context.Context, q Query, each func(Property) error) (Page, error) {
		return list(ctx, c, call{at: at, path: "properties", version: versionProperties}, q, "properties", each)
	})
}

// detailed are the types of activities that can be asked for one by one, with the version of each.
var detailed = map[string]int{"ab": 3, "xt": 3, "abt": 2, "autoallocate": 1}

// Uses tells whether an activity shows an offer; not known of a type that can't be asked for.
func (c *Client) Uses(ctx context.Context, at Account, activity Activity, offer int64) (used, known bool, err error) {
	kind := strings.ReplaceAll(activity.Type, "_", "")
	version, ok := detailed[kind]
	if !ok {
		return false, false, nil
	}
	reply, err := c.do(ctx, call{at: at, path: "activities/" + kind + "/" + strconv.FormatInt(activity.ID, 10), version: version})
	if err != nil {
		return false, false, err
	}
	return names(reply.Body, offer), true, nil
}

// names looks for an offer's id, wherever in an activity it stands.
func names(activity []byte, offer int64) bool {
	decoder := json.NewDecoder(bytes.NewReader(activity))
	decoder.UseNumber()
	want, next := strconv.FormatInt(offer, 10), false
	for {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		switch value := token.(type) {
		case json.Number:
			if next && value.String() == want {
				return true
			}
			next = false
		case string:
			if next && value == want {
				return true
			}
			next = value == "offerId" // a text of that kind is a key, or harmless
		default:
			next = false
		}
	}
}

// one gives a single thing.
func one[T any](ctx context.Context, c *Client, k call) (T, error) {
	var out T
	reply, err := c.do(ctx, k)
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(reply.Body, &out); err != nil {
		return out, &Error{Layer: Foreign, Status: reply.Status, Message: "the answer is not the JSON that was expected", Write: k.writes(), Unanswered: k.method == http.MethodPost}
	}
	return out, nil
}

func escaped(kind OfferKind, id int64) string {
	return "offers/" + url.PathEscape(string(kind)) + "/" + strconv.FormatInt(id, 10)
}
