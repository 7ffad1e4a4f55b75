//! The clients that an export rule names.

use std::net::{IpAddr, Ipv4Addr};

use nessie_ontap_protocol::ApiError;

/// The longest host name and the longest domain name.
const MAX_NAME: usize = 255;

/// Accepts a host name, an address, a subnet (`10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `fd20::/16`), a
/// netgroup (`@name`) or a domain (`.example.com`).
pub(crate) fn check(text: &str) -> Result<(), ApiError> {
    let refuse = |code, rule: &str| {
        let shown: String = text.chars().take(64).collect();
        let message = format!("The client match {shown:?} {rule}.");
        Err(ApiError::new(400, code, message).about("clients.match"))
    };
    if text.is_empty() {
        return refuse(1_704_039, "is empty");
    }
    if let Some(netgroup) = text.strip_prefix('@') {
        return match netgroup {
            "" => refuse(1_704_038, "names no netgroup"),
            name if name.chars().all(|c| !c.is_whitespace() && !c.is_control()) => Ok(()),
            _ => refuse(1_704_054, "has a character that netgroups do not have"),
        };
    }
    if let Some(domain) = text.strip_prefix('.') {
        return match domain {
            "" => refuse(1_704_036, "names no domain"),
            name if name.len() > MAX_NAME => refuse(1_704_065, "is longer than 255 characters"),
            name if name.chars().all(is_of_hosts) => Ok(()),
            _ => refuse(1_704_045, "has a character that domain names do not have"),
        };
    }
    if let Some((address, mask)) = text.split_once('/') {
        let Ok(address) = address.parse::<IpAddr>() else {
            return refuse(1_704_037, "is a subnet without an address");
        };
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = match mask.parse::<u32>() {
            Ok(bits) if bits > width => return refuse(1_704_042, "has a mask with too many bits"),
            Ok(bits) => bits,
            Err(_) => match bits_of(mask).filter(|_| address.is_ipv4()) {
                Some(bits) => bits,
                None => return refuse(1_704_043, "has an invalid mask"),
            },
        };
        return if has_bits_outside(address, bits) {
            let code = if address.is_ipv4() { 1_704_040 } else { 1_704_041 };
            refuse(code, "is a subnet whose address has bits outside of the mask")
        } else {
            Ok(())
        };
    }
    if text.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    if text.len() > MAX_NAME {
        return refuse(1_704_064, "is longer than 255 characters");
    }
    if !text.chars().all(is_of_hosts) {
        return refuse(1_704_044, "has a character that host names do not have");
    }
    Ok(())
}

fn is_of_hosts(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '_' | '.')
}

/// The number of bits of a mask such as `255.0.0.0`.
fn bits_of(mask: &str) -> Option<u32> {
    let mask = u32::from(mask.parse::<Ipv4Addr>().ok()?);
    (mask.leading_ones() + mask.trailing_zeros() >= 32).then_some(mask.leading_ones())
}

fn has_bits_outside(address: IpAddr, bits: u32) -> bool {
    match address {
        IpAddr::V4(address) => u32::from(address).checked_shl(bits).is_some_and(|rest| rest != 0),
        IpAddr::V6(address) => u128::from(address).checked_shl(bits).is_some_and(|rest| rest != 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_accepted() {
        for text in [
            "host1",
            "host-1.example.com",
            "10.1.12.24",
            "fd20:8b1e:b255:4071::100:1",
            "0.0.0.0/0",
            "10.1.12.0/24",
            "10.1.12.7/32",
            "fd20:8b1e:b255:4071::/64",
            "::1/128",
            "10.1.16.0/255.255.255.0",
            "0.0.0.0/0.0.0.0",
            "@eng",
            ".example.com",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn each_rule_has_a_code() {
        let long = "a".repeat(256);
        for (text, code) in [
            ("", 1_704_039),
            (".", 1_704_036),
            ("/8", 1_704_037),
            ("host/8", 1_704_037),
            ("@", 1_704_038),
            ("10.0.0.1/8", 1_704_040),
            ("fd20::1/64", 1_704_041),
            ("10.0.0.0/33", 1_704_042),
            ("::/129", 1_704_042),
            ("10.0.0.0/255.0.255.0", 1_704_043),
            ("10.0.0.0/x", 1_704_043),
            ("fd20::/255.0.0.0", 1_704_043),
            ("a b", 1_704_044),
            (".a b", 1_704_045),
            ("@a b", 1_704_054),
            (&long, 1_704_064),
            (&format!(".{long}"), 1_704_065),
        ] {
            assert_eq!(check(text).map_err(|error| error.code), Err(code), "{text}");
        }
    }
}
