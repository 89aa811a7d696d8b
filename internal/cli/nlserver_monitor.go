package cli

import (
	"encoding/xml"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/internal/campaign"
)

// The exit codes of `nlserver monitor`, which are those of the vendor's status script. Other errors are 3.
const (
	exitSomeMissing = 1
	exitNoneRuns    = 2
	exitUnknown     = 3
)

// taskView is a module of an instance as it stands.
type taskView struct {
	XMLName   xml.Name `json:"-"         xml:"task"`
	Name      string   `json:"name"      xml:"name,attr"`
	Instance  string   `json:"instance"  xml:"instance,attr"`
	AutoStart bool     `json:"autoStart" xml:"autoStart,attr"`
	Status    string   `json:"status"    xml:"status,attr"`
	PID       int      `json:"pid,omitempty" xml:"pid,attr,omitempty"`
}

// tasks lists the modules of every instance in the folder, or of the one that is named.
func (p *program) tasks(command *cobra.Command, n *nlserver) ([]taskView, error) {
	names := []string{n.instance}
	if !command.Flags().Changed("instance") {
		var err error
		if names, err = campaign.Instances(p.confFolder(n)); err != nil {
			return nil, withHint(err, "name the folder: --conf DIR, or NLSERVER_CONF")
		}
	}
	var all []taskView
	for _, name := range names {
		instance, err := p.loadInstance(n, name)
		if err != nil {
			return nil, err
		}
		if !instance.Pipelined.Configured {
			continue
		}
		pid, _ := instance.Running()
		all = append(all, taskOf(instance, pid))
	}
	return all, nil
}

// taskOf describes an instance's pipelined; pid is 0 of one that does not run.
func taskOf(instance *campaign.Instance, pid int) taskView {
	task := taskView{Name: campaign.Module, Instance: instance.Name, AutoStart: instance.Pipelined.AutoStart, Status: "stopped", PID: pid}
	if pid != 0 {
		task.Status = "running"
	}
	return task
}

func (p *program) nlserverDumpCommand(n *nlserver) *cobra.Command {
	command := &cobra.Command{
		Use:     "pdump",
		Short:   "List the processes that run",
		Long:    "List the processes of the instances that run, a line for each: name@instance (process id) - memory in MB.",
		Example: "  nlserver pdump\n  latchkey nlserver pdump --conf conf",
		Args:    takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			tasks, err := p.tasks(command, n)
			if err != nil {
				return err
			}
			if p.json {
				return p.sayJSON(map[string]any{"items": runningOf(tasks)})
			}
			for _, task := range runningOf(tasks) {
				p.say("%s@%s (%d)%s", task.Name, task.Instance, task.PID, memoryOf(task.PID))
			}
			return nil
		},
	}
	command.Flags().Bool("who", false, "taken, without effect: who is signed in is not known here")
	return command
}

func runningOf(tasks []taskView) []taskView {
	out := []taskView{}
	for _, task := range tasks {
		if task.PID != 0 {
			out = append(out, task)
		}
	}
	return out
}

// memoryOf gives a process's memory as the vendor writes it, where the system tells: " - 31.2 Mo".
func memoryOf(pid int) string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return ""
	}
	pages, err := strconv.Atoi(fields[1])
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" - %.1f Mo", float64(pages*os.Getpagesize())/(1<<20))
}

func (p *program) nlserverMonitorCommand(n *nlserver) *cobra.Command {
	var missing bool
	command := &cobra.Command{
		Use:   "monitor [-missing]",
		Short: "Tell whether everything runs that should",
		Long: `Tell how the processes of the instances stand, as XML; with -missing only those that should run (autoStart) and do not,
a line for each: module@instance.

The exit code is 0 when all run, 1 when one is missing, 2 when none runs, 3 for errors.`,
		Example: "  nlserver monitor -missing\n  latchkey nlserver monitor --conf conf",
		Args:    takes(),
	}
	command.Flags().BoolVar(&missing, "missing", false, "list only what should run and does not")
	command.SetFlagErrorFunc(func(command *cobra.Command, err error) error { return &codeError{flagError(command, err), exitUnknown} })
	command.RunE = func(command *cobra.Command, _ []string) error {
		tasks, err := p.tasks(command, n)
		if err != nil {
			return &codeError{err, exitUnknown}
		}
		if err := p.sayTasks(tasks, missing); err != nil {
			return &codeError{err, exitUnknown}
		}
		return verdictOf(tasks)
	}
	return command
}

func (p *program) sayTasks(tasks []taskView, missing bool) error {
	if missing {
		gone := []taskView{}
		for _, task := range tasks {
			if task.AutoStart && task.PID == 0 {
				gone = append(gone, task)
			}
		}
		if p.json {
			return p.sayJSON(map[string]any{"items": gone})
		}
		for _, task := range gone {
			p.say("%s@%s", task.Name, task.Instance)
		}
		return nil
	}
	if p.json {
		return p.sayJSON(map[string]any{"items": append([]taskView{}, tasks...)})
	}
	text, err := xml.MarshalIndent(struct {
		XMLName xml.Name `xml:"monitor"`
		Tasks   []taskView
	}{Tasks: tasks}, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	p.say("%s", text)
	return nil
}

// verdictOf gives the exit code, as an error that has been told.
func verdictOf(tasks []taskView) error {
	runs, gone := 0, 0
	for _, task := range tasks {
		switch {
		case task.PID != 0:
			runs++
		case task.AutoStart:
			gone++
		}
	}
	switch {
	case gone == 0:
		return nil
	case runs == 0:
		return &codeError{errTold, exitNoneRuns}
	}
	return &codeError{errTold, exitSomeMissing}
}
