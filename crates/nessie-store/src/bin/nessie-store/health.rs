//! `nessie-store health`: whether a running server answers. For health checks of containers.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde::Deserialize;

use crate::Failure;
use crate::options::HealthOptions;

const TIMEOUT: Duration = Duration::from_secs(5);

/// What is read of a ready file.
#[derive(Deserialize)]
struct Ready {
    url: String,
    ca_file: Option<String>,
}

pub(crate) fn run(options: &HealthOptions) -> Result<(), Failure> {
    ask(options).map_err(|error| Failure::Run(error.to_string()))
}

fn ask(options: &HealthOptions) -> Result<(), Box<dyn std::error::Error>> {
    let path = &options.ready_file;
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let ready: Ready = serde_json::from_str(&text)
        .map_err(|error| format!("{}: it is not a ready file: {error}", path.display()))?;
    let (scheme, authority) = ready.url.split_once("://").ok_or("the ready file has no URL")?;
    let (host, _) = authority.rsplit_once(':').ok_or("the URL has no port")?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let mut address = authority.to_socket_addrs()?.next().ok_or("the host has no address")?;
    let mut name = host.to_owned();
    // A server that listens on all addresses has a certificate for those of loopback.
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
        name = address.ip().to_string();
    }
    let stream = TcpStream::connect_timeout(&address, TIMEOUT)
        .map_err(|error| format!("{}: {error}", ready.url))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let request =
        format!("GET /healthz HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    let status = if scheme == "https" {
        let config = ClientConfig::builder()
            .with_root_certificates(roots(ready.ca_file.as_deref())?)
            .with_no_client_auth();
        let name = ServerName::try_from(name)?;
        let connection = ClientConnection::new(Arc::new(config), name)?;
        exchange(&mut StreamOwned::new(connection, stream), &request)?
    } else {
        exchange(&mut { stream }, &request)?
    };
    if status.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(status.into()) }
}

/// The certificate that the server is verified against.
fn roots(ca_file: Option<&str>) -> Result<RootCertStore, Box<dyn std::error::Error>> {
    let mut roots = RootCertStore::empty();
    let path =
        ca_file.ok_or("the certificate of the server is its user's: its authority is unknown")?;
    for certificate in CertificateDer::pem_file_iter(path)? {
        roots.add(certificate?)?;
    }
    Ok(roots)
}

/// Sends the request, and returns the first line of the reply.
fn exchange(stream: &mut (impl Read + Write), request: &str) -> std::io::Result<String> {
    stream.write_all(request.as_bytes())?;
    let mut reply = Vec::new();
    let mut buffer = [0; 512];
    while !reply.contains(&b'\n') {
        match stream.read(&mut buffer)? {
            0 => break,
            count => reply.extend_from_slice(buffer.get(..count).unwrap_or_default()),
        }
    }
    Ok(String::from_utf8_lossy(&reply).lines().next().unwrap_or_default().to_owned())
}
