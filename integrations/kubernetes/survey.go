package kubernetes

import (
	"context"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"tagout"
)

// survey is what was found of the workloads of an agent.
type survey struct {
	objects map[string]*object   // by key
	areas   []map[string]*object // those of each area, by key
	errs    []error              // what could not be found out
}

// survey lists the workloads of every area, and the Jobs of their CronJobs.
func (c *Control) survey(ctx context.Context, p *plan) *survey {
	s := &survey{objects: map[string]*object{}}
	for range p.areas {
		s.areas = append(s.areas, map[string]*object{})
	}
	var jobs []*object
	var mu sync.Mutex
	var all sync.WaitGroup
	look := func(k kind, selector string, found func([]*object)) {
		all.Go(func() {
			list, err := c.list(ctx, k, selector)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				s.errs = append(s.errs, err)
				return
			}
			found(list)
		})
	}
	for i, a := range p.areas {
		for _, k := range c.kinds {
			look(k, a.selector.String(), func(list []*object) { s.add(i, list) })
		}
	}
	if c.has("CronJob") {
		look(jobKind(), "", func(list []*object) { jobs = list })
	}
	all.Wait()
	for i, a := range p.areas {
		s.add(i, s.jobsOf(i, a.selector, jobs))
	}
	return s
}

func (c *Control) has(title string) bool {
	for _, k := range c.kinds {
		if k.title == title {
			return true
		}
	}
	return false
}

// add notes objects of an area, each once.
func (s *survey) add(area int, list []*object) {
	for _, o := range list {
		if known := s.objects[o.key()]; known != nil {
			o = known
		}
		s.objects[o.key()], s.areas[area][o.key()] = o, o
	}
}

// jobsOf picks the Jobs that an area's selector matches, or its CronJobs started.
func (s *survey) jobsOf(area int, selector labels.Selector, jobs []*object) []*object {
	uids := map[string]bool{}
	for _, o := range s.areas[area] {
		uids[o.Metadata.UID] = o.Metadata.UID != ""
	}
	var picked []*object
	for _, job := range jobs {
		if job.ownedBy(uids) || selector.Matches(labels.Set(job.Metadata.Labels)) {
			picked = append(picked, job)
		}
	}
	return picked
}

// list reads the objects of one kind.
func (c *Control) list(ctx context.Context, k kind, selector string) ([]*object, error) {
	tried := "list the " + k.resource.Resource + " in " + c.namespace
	answer, err := c.client.Resource(k.resource).Namespace(c.namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, c.failure(ctx, err, tried)
	}
	objects := make([]*object, 0, len(answer.Items))
	for i := range answer.Items {
		o, err := newObject(k, &answer.Items[i])
		if err != nil {
			return nil, c.failure(ctx, err, tried)
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// wanted are the tags that an object should carry by the plan.
func (s *survey) wanted(p *plan, o *object) tags {
	wanted := tags{}
	for i, mode := range p.modes {
		if mode == "" {
			continue
		}
		if s.under(p, i)[o.key()] != nil {
			wanted[p.areas[i].scope] = mode
		}
	}
	return wanted
}

// under are the objects of an area and of those that are part of it.
func (s *survey) under(p *plan, area int) map[string]*object {
	all := map[string]*object{}
	for _, part := range p.within(area) {
		for key, o := range s.areas[part] {
			all[key] = o
		}
	}
	return all
}

// workloads counts what can be held in an area: a Job that is over cannot.
func (s *survey) workloads(area int) int {
	count := 0
	for _, o := range s.areas[area] {
		if !o.isJob() || !o.over() {
			count++
		}
	}
	return count
}

// heldAs is the mode in which every workload of an area is stopped, or "" if one is not.
func (s *survey) heldAs(p *plan, area int) tagout.Mode {
	loosest := tagout.Mode("")
	for _, o := range s.under(p, area) {
		if o.isJob() && (o.over() || o.Spec.Suspend) {
			continue
		}
		mode := o.tags()[p.areas[area].scope]
		if mode == "" || !o.stopped() {
			return ""
		}
		if loosest == "" || loosest.Stricter(mode) {
			loosest = mode
		}
	}
	return loosest
}
