package store

import (
	"context"
	"encoding/json"
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
			err := t.Exec(sawVersion, clean(agent), clean(component), clean(versions[component]), utc(at), utc(at)).Error
			if err != nil {
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
			until := utc(c.At).Add(-time.Microsecond)
			if err := t.Exec(sawVersion, clean(c.Agent), clean(c.Component), clean(c.From), until, until).Error; err != nil {
				return err
			}
		}
		return t.Exec(sawVersion, clean(c.Agent), clean(c.Component), clean(c.To), utc(c.At), utc(c.At)).Error
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

// SetPins records which versions the agent's controls must run; nil lets go of them.
func (s *Store) SetPins(ctx context.Context, agent string, versions map[string]string) error {
	if err := checkNames(agent); err != nil {
		return err
	}
	text, err := json.Marshal(versions)
	if err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		if versions == nil {
			return t.Exec("DELETE FROM pins WHERE agent = ?", clean(agent)).Error
		}
		return t.Exec("INSERT INTO pins (agent, versions) VALUES (?, ?) ON CONFLICT (agent) DO UPDATE SET versions = excluded.versions",
			clean(agent), clean(string(text))).Error
	})
}

// Pins reads what was pinned, by agent.
func (s *Store) Pins(ctx context.Context) (map[string]map[string]string, error) {
	pins := map[string]map[string]string{}
	err := s.read(ctx, func(db *gorm.DB) error {
		var rows []struct{ Agent, Versions string }
		if err := db.Raw("SELECT agent, versions FROM pins").Scan(&rows).Error; err != nil {
			return err
		}
		for _, r := range rows {
			var versions map[string]string
			if err := json.Unmarshal([]byte(r.Versions), &versions); err != nil {
				return tagout.Errorf(tagout.Internal, "The pins of an agent cannot be read: %w", err)
			}
			pins[r.Agent] = versions
		}
		return nil
	})
	return pins, err
}
