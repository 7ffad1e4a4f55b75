//! Numbers of bytes, with or without a unit.

/// Reads `1073741824`, `1048576KB` or `1GB`. Units are powers of 1024, in any case.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end)?;
    let number: u64 = digits.parse().ok()?;
    let shift = match unit.to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "KB" => 10,
        "MB" => 20,
        "GB" => 30,
        "TB" => 40,
        "PB" => 50,
        _ => return None,
    };
    number.checked_mul(1 << shift)
}
