package app

import (
	"errors"
	"net"
	"testing"

	"tagout/internal/config"
)

func TestWhereOtherReplicasReachThisOne(t *testing.T) {
	t.Parallel()
	machine := func(addresses ...string) func() ([]net.Addr, error) {
		return func() (all []net.Addr, err error) {
			for _, a := range addresses {
				ip, network, err := net.ParseCIDR(a)
				if err != nil {
					return nil, err
				}
				network.IP = ip
				all = append(all, network)
			}
			return all, nil
		}
	}
	usual := machine("127.0.0.1/8", "::1/128", "fe80::1/64", "2001:db8::7/64", "10.0.0.3/24", "10.0.0.4/24")
	for _, c := range []struct {
		listen, advertise string
		addresses         func() ([]net.Addr, error)
		want              string
	}{
		{"127.0.0.1:8080", "", usual, "http://127.0.0.1:8080"},
		{"10.1.1.1:80", "", usual, "http://10.1.1.1:80"},
		{"tagout.internal:80", "", usual, "http://tagout.internal:80"},
		{":8080", "", usual, "http://10.0.0.3:8080"},
		{"0.0.0.0:8080", "", usual, "http://10.0.0.3:8080"},
		{"[::]:8080", "", machine("::1/128", "2001:db8::7/64"), "http://[2001:db8::7]:8080"},
		{":8080", "", machine("127.0.0.1/8"), "http://127.0.0.1:8080"},
		{":8080", "", func() ([]net.Addr, error) { return nil, errors.New("no") }, ""},
		{"127.0.0.1:0", "", usual, ""},
		{":8080", "https://a.example.com", usual, "https://a.example.com"},
	} {
		if got := advertised(&config.Config{Listen: c.listen, Advertise: c.advertise}, c.addresses); got != c.want {
			t.Errorf("listening on %q and advertising %q it is reached at %q, want %q", c.listen, c.advertise, got, c.want)
		}
	}
}
