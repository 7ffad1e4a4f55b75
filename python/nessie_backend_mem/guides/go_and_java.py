r"""Go and Java: clients of the ONTAP endpoint that verify its certificate.

After this page a program in Go or Java reads and creates volumes at an endpoint
in memory. `nessie_backend_mem.guides.endpoint_in_ci` does the same in CI.

## Start it

```sh
nessie-mem serve --port 8443 --password secret --ca-file ca.pem >ready.txt &
curl --silent --insecure --retry 20 --retry-delay 1 --retry-connrefused \
  https://127.0.0.1:8443/healthz
```

```text
{"status":"ok"}
```

The server writes the certificate that clients verify it with to ``ca.pem``.

## Go

```go
// example.go
package main

import (
    "fmt"
    "net/http"
    "strings"
)

func main() {
    volume := `{"name": "from_go", "size": "1GB", "svm": {"name": "svm1"},
        "aggregates": [{"name": "aggr1"}]}`
    url := "https://127.0.0.1:8443/api/storage/volumes?return_timeout=15"
    request, _ := http.NewRequest("POST", url, strings.NewReader(volume))
    request.SetBasicAuth("admin", "secret")
    reply, err := http.DefaultClient.Do(request)
    if err != nil {
        panic(err)
    }
    fmt.Println(reply.Status)
}
```

```sh
SSL_CERT_FILE=ca.pem go run example.go
```

```text
201 Created
```

## Java

```java
// Example.java
import java.io.FileInputStream;
import java.net.URI;
import java.net.http.*;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import javax.net.ssl.*;

class Example {
    public static void main(String[] arguments) throws Exception {
        var trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (var file = new FileInputStream("ca.pem")) {
            var format = CertificateFactory.getInstance("X.509");
            trusted.setCertificateEntry("ontap", format.generateCertificate(file));
        }
        var trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        var tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);

        var login = Base64.getEncoder().encodeToString("admin:secret".getBytes());
        var svms = URI.create("https://127.0.0.1:8443/api/svm/svms");
        var request = HttpRequest.newBuilder(svms)
            .header("Authorization", "Basic " + login).build();
        var reply = HttpClient.newBuilder().sslContext(tls).build()
            .send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(reply.statusCode() + " " + reply.body());
    }
}
```

```sh
java Example.java
```

```text
200 {"records":[{"name":"svm1","uuid":"...
```

Other clients in Java take the same ``SSLContext``.

## Where to read on

- `nessie_backend_mem.guides.endpoint_in_ci`: GitHub Actions, and ``/simulator``
  to delete everything between two tests.
- ``nessie-mem coverage``: the paths that are served.
- `nessie_backend_mem.guides.fault_injection`: what clients must survive.
"""
