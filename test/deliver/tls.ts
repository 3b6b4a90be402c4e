/**
 * A certificate that nobody trusts, for servers on loopback in tests: made for `localhost` and 127.0.0.1, signed by
 * itself, good for a hundred years. The key is public by being here and protects nothing.
 */
export const TEST_CERTIFICATE = `
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUBm2Gi5bNFDuPXN1CCdB++S4FXrowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjAyMjY0OVoYDzIxMjYxMDI5
MDIyNjQ5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQl6LwxeELAEuyi3N2dz/hUNGO868SZXPoV0Bqrm3qzEgApMiuqfcgQ
H6o1NUftBup56GMhxk+3Up0Jx567Xw2do28wbTAdBgNVHQ4EFgQUnX43TBph4Owu
Q3nmfikcmaMaAc0wHwYDVR0jBBgwFoAUnX43TBph4OwuQ3nmfikcmaMaAc0wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAIRdgDCJXNUT0qr6JAk7dgoPlYSOSAMEbmtlOUrcrrYWAiAp
EUzQpIj8MHw/4Q+GPlWynU+QHg4Y8zcV0LE59DEznA==
-----END CERTIFICATE-----
`;

export const TEST_KEY = `
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgyqiggp1J7EeU/3FF
oaiostiDCYyJTW78ETsLiyDOxMqhRANCAAQl6LwxeELAEuyi3N2dz/hUNGO868SZ
XPoV0Bqrm3qzEgApMiuqfcgQH6o1NUftBup56GMhxk+3Up0Jx567Xw2d
-----END PRIVATE KEY-----
`;
