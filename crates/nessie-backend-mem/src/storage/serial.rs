//! Serials of records, of which none is used twice.

/// How many epochs there are: 122 bits less slot, number and kind.
pub(crate) const EPOCHS: u64 = 1 << 57;

/// Distinguishes a record from all others of a backend and of its copies in other processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Serial {
    /// Distinguishes the records of forked processes, which count from the same number. Below
    /// [`EPOCHS`].
    pub(crate) epoch: u64,
    /// Counts the records of an epoch from 1.
    pub(crate) number: u32,
}

impl Serial {
    /// The serial of a record, from the epoch of the first record and the record's own number.
    pub(crate) const fn numbered(epoch: u64, number: u64) -> Self {
        let epoch = (epoch + (number >> 32)) % EPOCHS;
        Self { epoch, number: (number & 0xFFFF_FFFF) as u32 }
    }

    /// The serial so many numbers after this one. After the last of a batch, no record has it.
    pub(crate) const fn after(self, count: usize) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "a batch has fewer items than numbers")]
        Self { number: self.number.wrapping_add(count as u32), ..self }
    }

    /// The first of `count` serials that follow each other, and the number of the last, where
    /// `last` is the number of the last record so far. Records are numbered with 64 bits; after
    /// each 2³² of them the epoch grows by one.
    pub(crate) fn next(epoch: u64, last: u64, count: usize) -> (Self, u64) {
        const END: u64 = 1 << 32;
        let mut first = last + 1;
        // A batch is of one epoch, and no number is 0.
        if first.is_multiple_of(END) || first % END + count as u64 > END {
            first = first.next_multiple_of(END) + 1;
        }
        (Self::numbered(epoch, first), first - 1 + count as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_follow_each_other_and_a_batch_is_of_one_epoch() {
        const END: u64 = 1 << 32;
        let next = |last, count| {
            let (Serial { epoch, number }, last) = Serial::next(5, last, count);
            (epoch, number, last)
        };
        assert_eq!(next(0, 1), (5, 1, 1));
        assert_eq!(next(1, 10), (5, 2, 11));
        assert_eq!(next(END - 3, 2), (5, u32::MAX - 1, END - 1));
        assert_eq!(next(END - 3, 3), (6, 1, END + 3));
        assert_eq!(next(END - 1, 1), (6, 1, END + 1));
        assert_eq!(Serial::next(EPOCHS - 1, END, 1).0, Serial { epoch: 0, number: 1 });
        let (first, last) = Serial::next(5, END - 3, 2);
        assert_eq!(Serial::next(5, last - 1, 1).0, first.after(1));
    }
}
