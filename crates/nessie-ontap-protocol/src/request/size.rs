//! Sizes in bytes, with or without a unit.

/// Reads a size in the format of ONTAP's command line: `1073741824`, `1048576KB`, `1GB` or `1g`.
/// Units are powers of 1024. Case does not matter, and the `B` is optional.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end)?;
    let number: u64 = digits.parse().ok()?;
    let shift = match unit.to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" => 10,
        "M" | "MB" => 20,
        "G" | "GB" => 30,
        "T" | "TB" => 40,
        "P" | "PB" => 50,
        _ => return None,
    };
    number.checked_mul(1 << shift)
}
