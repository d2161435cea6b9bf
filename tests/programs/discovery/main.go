// Prometheus' own discovery of Kubernetes, for a Prometheus that was built without it, as Debian's is:
//
//	discovery CONFIG FILE
//
// CONFIG is one kubernetes_sd_config. What it finds stands in FILE, for file_sd_configs, replaced at every change.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery/kubernetes"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"go.yaml.in/yaml/v2"
)

// entry is one of file_sd's.
type entry struct {
	Targets []model.LabelValue `json:"targets"`
	Labels  model.LabelSet     `json:"labels"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "discovery:", err)
		os.Exit(1)
	}
}

// entries has one for each target: their labels differ.
func entries(groups map[string]*targetgroup.Group) []entry {
	found := []entry{}
	for _, group := range groups {
		for _, target := range group.Targets {
			labels := group.Labels.Merge(target)
			delete(labels, model.AddressLabel)
			found = append(found, entry{[]model.LabelValue{target[model.AddressLabel]}, labels})
		}
	}
	return found
}

// write replaces the file as a whole: nobody reads half of it.
func write(found []entry, path string) error {
	text, err := json.Marshal(found)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func main() {
	if len(os.Args) != 3 {
		check(fmt.Errorf("usage: discovery CONFIG FILE"))
	}
	var config kubernetes.SDConfig
	check(yaml.UnmarshalStrict([]byte(os.Args[1]), &config))
	metrics := config.NewDiscovererMetrics(prometheus.NewRegistry(), nil)
	check(metrics.Register())
	discovery, err := kubernetes.New(slog.Default(), metrics, &config)
	check(err)
	updates := make(chan []*targetgroup.Group)
	go discovery.Run(context.Background(), updates)
	groups := map[string]*targetgroup.Group{}
	for update := range updates {
		for _, group := range update {
			groups[group.Source] = group
		}
		check(write(entries(groups), os.Args[2]))
	}
}
