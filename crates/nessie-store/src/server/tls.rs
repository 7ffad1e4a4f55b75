//! A certificate of the server's own, made anew each time.
//!
//! An authority is made too, signs this one certificate and is forgotten. Clients verify against
//! the authority, as they do in earnest; a certificate that signed itself is refused by some.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// Who a server says it is.
pub(super) struct Identity {
    /// The authority's certificate.
    pub(super) ca_pem: String,
    /// Takes connections in its name.
    pub(super) acceptor: TlsAcceptor,
}

/// Makes an identity for a server at `host`, which may be reached as `localhost` too.
pub(super) fn identity(host: &str) -> io::Result<Identity> {
    make(host).map_err(|error| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("certificate for {host:?}: {error}"))
    })
}

fn make(host: &str) -> Result<Identity, Box<dyn std::error::Error + Send + Sync>> {
    let authority_key = KeyPair::generate()?;
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "nessie ontap authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca_pem = authority.self_signed(&authority_key)?.pem();

    let key = KeyPair::generate()?;
    let mut server = CertificateParams::new(names(host))?;
    server.distinguished_name.push(DnType::CommonName, "nessie ontap server");
    server.is_ca = IsCa::ExplicitNoCa;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    let certificate = server.signed_by(&key, &Issuer::new(authority, authority_key))?;

    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Identity { ca_pem, acceptor: TlsAcceptor::from(Arc::new(config)) })
}

/// What clients may call the server.
fn names(host: &str) -> Vec<String> {
    let mut names: Vec<String> =
        ["localhost", "127.0.0.1", "::1"].into_iter().map(str::to_owned).collect();
    let is_any = host.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified());
    if !is_any && !names.iter().any(|name| name == host) {
        names.push(host.to_owned());
    }
    names
}
