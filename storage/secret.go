package storage

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// keySize is the length of the key file in bytes.
const keySize = 32

// openKey reads the key for secrets at rest, or makes one. It lies outside the
// data folder, as DIR.key, so that a copy of the data alone opens no secret;
// where that place cannot be written it lies in the folder as actnow.key.
func openKey(dir, file string) ([]byte, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	places := []string{abs + ".key", filepath.Join(abs, "actnow.key")}
	if file != "" {
		places = []string{file}
	}
	for _, p := range places {
		key, err := os.ReadFile(p)
		switch {
		case err == nil && len(key) != keySize:
			return nil, fmt.Errorf("key file %s holds %d bytes, not %d", p, len(key), keySize)
		case err == nil:
			return key, nil
		case !errors.Is(err, os.ErrNotExist):
			return nil, fmt.Errorf("read key: %w", err)
		}
	}
	key := make([]byte, keySize)
	rand.Read(key)
	for _, p := range places {
		if err = writeNew(p, key); err == nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("make key: %w", err)
}

// writeNew writes a file that must not be there yet, durably.
func writeNew(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

// Key derives a key of 32 bytes for one purpose ("unsubscribe") from the key
// file, by HKDF (RFC 5869). The same purpose gives the same key for good.
func (db *DB) Key(purpose string) []byte {
	key, err := hkdf.Key(sha256.New, db.key, nil, "actnow/"+purpose, keySize)
	if err != nil {
		panic(err) // only for a length that HKDF cannot give
	}
	return key
}

// Seal encrypts a secret for storing, by AES-256-GCM with a random nonce. name
// binds it to its place: it opens under the same name only.
func (db *DB) Seal(name string, secret []byte) ([]byte, error) {
	gcm, err := db.gcm()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, gcm.NonceSize())
	rand.Read(nonce)
	return gcm.Seal(nonce, nonce, secret, []byte(name)), nil
}

// Unseal decrypts what Seal made.
func (db *DB) Unseal(name string, sealed []byte) ([]byte, error) {
	gcm, err := db.gcm()
	if err != nil {
		return nil, err
	}
	if len(sealed) < gcm.NonceSize() {
		return nil, errors.New("sealed secret is too short")
	}
	secret, err := gcm.Open(nil, sealed[:gcm.NonceSize()], sealed[gcm.NonceSize():], []byte(name))
	if err != nil {
		return nil, fmt.Errorf("secret %s does not open with this key file: %w", name, err)
	}
	return secret, nil
}

func (db *DB) gcm() (cipher.AEAD, error) {
	block, err := aes.NewCipher(db.Key("secrets"))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
