//! The certificate of a server: given by the caller, or issued at each start.
//!
//! For an issued certificate a new CA is created, which signs this one certificate and is then
//! dropped. Clients verify with the CA, as with a real array; some clients refuse self-signed
//! certificates.

use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use super::options::Identity;

/// The TLS identity of a server.
pub(super) struct Tls {
    /// The certificate of the new CA; `None` for a given certificate.
    pub(super) ca_pem: Option<String>,
    /// Accepts TLS connections with the certificate.
    pub(super) acceptor: TlsAcceptor,
}

type AnyError = Box<dyn Error + Send + Sync>;

/// Issues a certificate for a server at `host`, which is also valid for `localhost`.
pub(super) fn self_issued(host: &str) -> io::Result<Tls> {
    let refuse = |error| invalid(format!("certificate for {host:?}: {error}"));
    issue(host).map_err(refuse)
}

/// Uses a certificate of the caller.
pub(super) fn from_identity(identity: &Identity) -> io::Result<Tls> {
    let certificates = CertificateDer::pem_slice_iter(identity.certificates.as_bytes());
    let certificates: Vec<_> = certificates
        .collect::<Result<_, _>>()
        .map_err(|error| invalid(format!("the certificate is not in PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(invalid("the certificate has no PEM block CERTIFICATE".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(|error| {
        invalid(format!(
            "the key has no PEM block with a private key that is not encrypted: {error}"
        ))
    })?;
    let acceptor = acceptor(certificates, key)
        .map_err(|error| invalid(format!("the certificate and the key: {error}")))?;
    Ok(Tls { ca_pem: None, acceptor })
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

fn issue(host: &str) -> Result<Tls, AnyError> {
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
    let acceptor = acceptor(vec![certificate.der().clone()], key)?;
    Ok(Tls { ca_pem: Some(ca_pem), acceptor })
}

fn acceptor(
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<TlsAcceptor, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The host names and addresses in the certificate.
fn names(host: &str) -> Vec<String> {
    let mut names: Vec<String> =
        ["localhost", "127.0.0.1", "::1"].into_iter().map(str::to_owned).collect();
    let is_any = host.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified());
    if !is_any && !names.iter().any(|name| name == host) {
        names.push(host.to_owned());
    }
    names
}
