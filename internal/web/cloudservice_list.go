package web

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
	"latchkey/internal/target"
)

// Lists that Target keeps, and that are asked of it when somebody looks: activities, mboxes, properties.

func (p *Pages) productListRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{
		"GET " + serviceOne + "/activities": (*visit).activityList,
		"GET " + serviceOne + "/mboxes":     (*visit).mboxList,
		"GET " + serviceOne + "/properties": (*visit).propertyList,
	}
}

// productPerPage is how many of a list are asked of the product at once.
const productPerPage = 50

// listedRow is one thing of the product.
type listedRow struct {
	Name, ID, Says string
	// Badge tells its state, Tone its colour.
	Badge, Tone string
	// Cells are what the further columns say.
	Cells []string
	At    time.Time
}

// listedView is the page of such a list.
type listedView struct {
	serviceHead
	What, Lead string
	// One, When and Columns head the table.
	One, When string
	Columns   []string
	Rows      []listedRow
	// Layers say what refused.
	Layers []finding.Layer
	Pager  pager
}

// productList shows a part of a list, which ask gets and row puts in words.
func productList[T any](v *visit, view *listedView, ask func(cloudservice.Part) ([]T, bool, error), row func(*listedView, T) listedRow) error {
	var err error
	if view.serviceHead, err = v.serviceHead(cloudservice.Target, view.What, "connect it"); err != nil {
		return err
	}
	title := view.What + " of " + view.Title
	if view.Unready != "" {
		return v.show(http.StatusOK, "service_product", title, view)
	}
	offset, _ := strconv.Atoi(v.cursor()) // what is no number is the beginning
	all, more, err := ask(cloudservice.Part{Offset: max(0, offset), Limit: productPerPage})
	if view.Layers, err = refusedLayers(err); err != nil {
		return err
	}
	for _, one := range all {
		view.Rows = append(view.Rows, row(view, one))
	}
	next := ""
	if more {
		next = strconv.Itoa(max(0, offset) + productPerPage)
	}
	view.Pager = v.pager(next)
	return v.show(http.StatusOK, "service_product", title, view)
}

func (v *visit) activityList() error {
	view := listedView{What: partActivities, One: "Activity", When: "Changed", Columns: []string{"Type", "Priority", "Workspace", "Reports by"},
		Lead: "What Target shows to whom, as Target has it now. Activities are made and changed there."}
	return productList(v, &view, func(p cloudservice.Part) ([]target.Activity, bool, error) {
		return v.CloudServices.Activities(v.r.Context(), v.caller, v.serviceRef(), p)
	}, func(view *listedView, a target.Activity) listedRow {
		tone := map[string]string{"approved": "good"}[a.State]
		return listedRow{Name: a.Name, ID: strconv.FormatInt(a.ID, 10), Badge: a.State, Tone: tone, At: a.ModifiedAt.Time,
			Cells: []string{strings.ToUpper(a.Type), strconv.Itoa(a.Priority), view.WorkspaceName(a.Workspace), reportsBy(a.ReportingSource)}}
	})
}

func reportsBy(source string) string {
	switch strings.ToLower(source) {
	case "":
		return ""
	case "analytics", "a4t":
		return "Analytics (A4T)"
	case "target":
		return "Target"
	}
	return source
}

func (v *visit) mboxList() error {
	view := listedView{What: partMboxes, One: "Mbox", When: "Last asked for", Lead: "Places on pages that Target has been asked for."}
	return productList(v, &view, func(p cloudservice.Part) ([]target.Mbox, bool, error) {
		return v.CloudServices.Mboxes(v.r.Context(), v.caller, v.serviceRef(), p)
	}, func(_ *listedView, m target.Mbox) listedRow {
		return listedRow{Name: m.Name, Badge: cmp.Or(m.Status, "known"), At: m.LastRequested.Time}
	})
}

func (v *visit) propertyList() error {
	view := listedView{What: partProperties, One: "Property", Columns: []string{"Channel", "Token"}, Lead: "Parts of a site or an application that Target tells apart by a token."}
	return productList(v, &view, func(p cloudservice.Part) ([]target.Property, bool, error) {
		return v.CloudServices.Properties(v.r.Context(), v.caller, v.serviceRef(), p)
	}, func(_ *listedView, one target.Property) listedRow {
		return listedRow{Name: one.Name, ID: strconv.FormatInt(one.ID, 10), Says: one.Description, Cells: []string{one.Channel, one.Token}}
	})
}
