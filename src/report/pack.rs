//! Room that is given out in whole pieces.

/// Bytes that a note about what found no room may take.
const NOTE: usize = 80;

/// What is left of a number of bytes.
pub(super) struct Room {
    left: usize,
}

impl Room {
    pub(super) fn of(bytes: usize) -> Self {
        Self { left: bytes }
    }

    /// The piece, if there is room for all of it; otherwise nothing.
    pub(super) fn take(&mut self, piece: String) -> String {
        if piece.len() > self.left {
            return String::new();
        }
        self.left -= piece.len();
        piece
    }

    /// As many of the lines, from the first on, as there is room for; the others are counted in a last line.
    pub(super) fn lines(&mut self, lines: Vec<String>, rest: &str) -> String {
        let all = lines.len();
        let mut taken = String::new();
        let mut count = 0;
        // Head, fold and note around the lines need room as well.
        let mut left = self.left.saturating_sub(4 * NOTE);
        for line in lines {
            if line.len() > left {
                break;
            }
            left -= line.len();
            count += 1;
            taken += &line;
        }
        if count < all {
            let note = format!("\n… {} {rest}\n", all - count);
            if note.len() <= NOTE && self.left >= 4 * NOTE {
                taken += &note;
            }
        }
        self.left -= (taken.len() + if all > 0 { 3 * NOTE } else { 0 }).min(self.left);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_come_whole_and_the_rest_is_counted() {
        let lines: Vec<String> = (0..100).map(|i| format!("line {i}\n")).collect();
        let text = Room::of(600).lines(lines, "more");
        assert!(text.starts_with("line 0\nline 1\n") && text.len() <= 600, "{text}");
        let shown = text.lines().filter(|line| line.starts_with("line ")).count();
        assert!(text.ends_with(&format!("\n… {} more\n", 100 - shown)), "{text}");
    }

    proptest! {
        #[test]
        fn pieces_never_take_more_than_there_is(room in 0_usize..3000, sizes in prop::collection::vec(0_usize..400, 0..40)) {
            let mut left = Room::of(room);
            let mut total = 0;
            for chunk in sizes.chunks(5) {
                total += left.take("x".repeat(chunk[0])).len();
                total += left.lines(chunk.iter().map(|n| "y".repeat(*n)).collect(), "more").len();
            }
            prop_assert!(total <= room, "{total} of {room}");
        }
    }
}
