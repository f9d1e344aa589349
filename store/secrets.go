package store

import (
	"context"
	"crypto/rand"
	"encoding/base64"

	"gorm.io/gorm"

	"tagout"
)

// secretBytes is the length of a secret: as much as SHA-256 can use as a key.
const secretBytes = 32

// Secret is a random key of 32 bytes that all replicas of this database share. It is made
// when it is first asked for, and stays the same from then on.
func (s *Store) Secret(ctx context.Context, name string) ([]byte, error) {
	row, fresh := key("secret:"+name), make([]byte, secretBytes)
	_, _ = rand.Read(fresh) // never fails
	err := s.write(ctx, func(t *tx) error {
		return t.Exec("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING", row, base64.StdEncoding.EncodeToString(fresh)).Error
	})
	if err != nil {
		return nil, err
	}
	var text string
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT value FROM meta WHERE key = ?", row).Scan(&text).Error
	})
	if err != nil {
		return nil, err
	}
	secret, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(secret) != secretBytes {
		return nil, tagout.Errorf(tagout.Internal, "The shared key %q in the database cannot be read.", name)
	}
	return secret, nil
}
