//! Sizes of options and of seed files.
//!
//! `nessie-backend-mem serve` of the Python package reads the same forms. Those of requests are ONTAP's own: they
//! have short units and no `GiB`.

/// Reads a size such as `50GB`, `50GiB` or `1073741824`. Units are powers of 1024.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end)?;
    let unit = unit.strip_prefix(' ').unwrap_or(unit).to_ascii_uppercase();
    let power = match unit.as_str() {
        "" => 0,
        "KB" | "KIB" => 1,
        "MB" | "MIB" => 2,
        "GB" | "GIB" => 3,
        "TB" | "TIB" => 4,
        "PB" | "PIB" => 5,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << (10 * power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit_or_none() {
        for (text, size) in [
            ("0", 0),
            ("1073741824", 1 << 30),
            ("50GB", 50 << 30),
            ("50 gib", 50 << 30),
            ("1PiB", 1 << 50),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(parse_size(text), Some(size), "{text}");
        }
        for text in
            ["", "GB", "-1", "1.5GB", "1G", "1  GB", "1iB", "1XB", "16384PB", "1GIIB", "1IGB"]
        {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }
}
