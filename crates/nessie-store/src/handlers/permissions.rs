//! UNIX permissions in the forms that clients send.

use nessie_ontap_protocol::{ApiError, Body};

/// Replaces the permissions at `path` of a body, in any of their forms, by a number.
pub(super) fn normalise(body: &mut Body, path: &str) -> Result<(), ApiError> {
    let Some(value) = body.value(path) else { return Ok(()) };
    let text = match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) => number.to_string(),
        _ => return Ok(()),
    };
    let permissions = permissions(&text).ok_or_else(|| {
        ApiError::invalid_value(path, &text, "is neither octal digits nor letters as rwxr-xr-x")
    })?;
    body.replace(path, permissions.into());
    Ok(())
}

/// Permissions as a number with their octal digits as decimal digits, as 755.
fn permissions(text: &str) -> Option<u64> {
    if !text.is_empty() && text.bytes().all(|digit| (b'0'..=b'7').contains(&digit)) {
        return text.parse().ok().filter(|number| *number <= 7777);
    }
    let (special, plain) = match text.len() {
        9 => ("---", text),
        12 => (text.get(..3)?, text.get(3..)?),
        _ => return None,
    };
    let mut bits = 0_u64;
    for (letter, expected) in
        special.chars().zip("sst".chars()).chain(plain.chars().zip("rwxrwxrwx".chars()))
    {
        bits <<= 1;
        match letter {
            '-' => {}
            letter if letter == expected => bits |= 1,
            _ => return None,
        }
    }
    format!("{bits:o}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_have_three_spellings() {
        for text in ["755", "0755", "rwxr-xr-x", "---rwxr-xr-x"] {
            assert_eq!(permissions(text), Some(755), "{text}");
        }
        assert_eq!(permissions("s--rwxr-xr-x"), Some(4755));
        assert_eq!(permissions("---------"), Some(0));
        for text in ["", "8", "12345", "rwx", "rwxrwxrwz", "é--------", "xwrr-xr-x"] {
            assert_eq!(permissions(text), None, "{text}");
        }
    }
}
