package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"tagout"
)

// longestVersion bounds the names that agents give to their versions, in bytes.
const longestVersion = 256

const sawVersion = `INSERT INTO versions (agent, component, version, first_seen, last_seen) VALUES (?, ?, ?, ?, ?)
	ON CONFLICT (agent, component, version) DO UPDATE SET
	first_seen = CASE WHEN excluded.first_seen < versions.first_seen THEN excluded.first_seen ELSE versions.first_seen END,
	last_seen = CASE WHEN excluded.last_seen > versions.last_seen THEN excluded.last_seen ELSE versions.last_seen END`

// SawVersion records that an agent said it runs these versions, by component. It returns
// Invalid for a name that is empty or longer than 256 bytes.
func (s *Store) SawVersion(ctx context.Context, agent string, versions map[string]string, at time.Time) error {
	components := make([]string, 0, len(versions))
	for component, version := range versions {
		if err := checkNames(agent, component, version); err != nil {
			return err
		}
		components = append(components, component)
	}
	slices.Sort(components) // everybody in the same order, so that nobody waits in a circle
	return s.write(ctx, func(t *tx) error {
		for _, component := range components {
			if err := t.sawVersion(agent, component, versions[component], at); err != nil {
				return err
			}
		}
		return nil
	})
}

func checkNames(names ...string) error {
	for _, name := range names {
		if name == "" || len(name) > longestVersion {
			return tagout.Errorf(tagout.Invalid, "An agent, a component and a version need names of 1 to %d bytes.", longestVersion)
		}
	}
	return nil
}

// RecordChange records a deployment, and that the agent ran its versions: the one it came
// from until then, the other since. The same ID again changes nothing. It returns Invalid
// for a name that is empty or longer than 256 bytes.
func (s *Store) RecordChange(ctx context.Context, c tagout.Deployment) error {
	if err := checkNames(c.ID, c.Agent, c.Component, c.To); err != nil {
		return err
	}
	if c.From != "" {
		if err := checkNames(c.From); err != nil {
			return err
		}
	}
	return s.write(ctx, func(t *tx) error {
		done := t.Exec(`INSERT INTO changes (id, agent, component, from_version, to_version, changed_by, url, at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
			key(c.ID), clean(c.Agent), clean(c.Component), clean(c.From), clean(c.To), clean(c.By), clean(c.URL), utc(c.At))
		if done.Error != nil || done.RowsAffected == 0 {
			return done.Error
		}
		if c.From != "" && c.From != c.To {
			if err := t.sawVersion(c.Agent, c.Component, c.From, c.At.Add(-time.Microsecond)); err != nil {
				return err
			}
		}
		return t.sawVersion(c.Agent, c.Component, c.To, c.At)
	})
}

// Changes lists the deployments of an agent since a time, newest first; those of all agents
// if it is "".
func (s *Store) Changes(ctx context.Context, agent string, since time.Time) (changes []tagout.Deployment, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		query := db.Table("changes").Select("id, agent, component, from_version AS \"from\", to_version AS \"to\", changed_by AS \"by\", url, at").
			Where("at >= ?", utc(since)).Order("at DESC, id")
		if agent != "" {
			query = query.Where("agent = ?", clean(agent))
		}
		return query.Scan(&changes).Error
	})
	for n := range changes {
		changes[n].At = utc(changes[n].At)
	}
	return changes, err
}

// Versions lists the versions of an agent's components, those that appeared last first.
func (s *Store) Versions(ctx context.Context, agent string) (versions []tagout.Version, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Table("versions").Where("agent = ?", clean(agent)).Order("first_seen DESC, last_seen DESC, component, version").Find(&versions).Error
	})
	for n := range versions {
		versions[n].FirstSeen, versions[n].LastSeen = utc(versions[n].FirstSeen), utc(versions[n].LastSeen)
	}
	return versions, err
}
