//! Columns as Parquet, by the part of polars that reads and writes it.

use super::table::in_parallel;
use flate2::Crc;
use polars_arrow::array::{Array, DictionaryArray, PrimitiveArray, Utf8ViewArray};
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field};
use polars_arrow::types::NativeType;
use polars_buffer::Buffer;
use polars_parquet::read::{
    BasicDecompressor, ColumnChunkMetadata, FileMetadata, PageReader, column_iter_to_arrays,
    infer_schema, read_metadata,
};
use polars_parquet::write::{
    CompressedPage, CompressionOptions, Compressor, DynIter, DynStreamingIterator, FileWriter,
    KeyValue, StatisticsOptions, Version, WriteOptions, ZstdLevel, array_to_columns,
    fallible_streaming_iterator, get_dtype_encoding,
};
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Cursor, Read as _, Seek as _, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Why columns could not be made, written or read.
#[derive(Debug, thiserror::Error)]
#[error("the table of runs: {0}")]
pub struct FrameError(String);

impl FrameError {
    pub(super) fn new(error: impl Display) -> Self {
        Self(error.to_string())
    }
}

/// Values of one column.
pub(super) type Column = Box<dyn Array>;

/// A column that is to be written: its name and the type that it is read as.
pub(super) type ColumnType<'n> = (&'n str, ArrowDataType, Nulls);

/// Whether a column may lack values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nulls {
    Allowed,
    Never,
}

/// A column of texts, of which each is told by its place in a list.
pub(super) fn texts_of(places: Vec<Option<u32>>, texts: &[String]) -> Result<Column, FrameError> {
    dictionary(places, Utf8ViewArray::from_slice_values(texts).boxed())
}

/// A column of values, of which each is told by its place in another column.
pub(super) fn dictionary(places: Vec<Option<u32>>, values: Column) -> Result<Column, FrameError> {
    let places = PrimitiveArray::<u32>::from(places);
    let made = DictionaryArray::try_from_keys(places, values, false).map_err(FrameError::new)?;
    Ok(made.boxed())
}

/// A column of texts as they are.
pub(super) fn texts(all: &[String]) -> Column {
    Utf8ViewArray::from_slice_values(all).boxed()
}

/// A column of numbers, none of which is lacking.
pub(super) fn numbers<T: NativeType>(all: Vec<T>) -> Column {
    PrimitiveArray::from_vec(all).boxed()
}

/// Writes groups of rows, and tells the checksum of each column of each group.
pub(super) struct Writer<W: Write> {
    out: FileWriter<Summed<W>>,
    sums: Sums,
    options: WriteOptions,
}

impl<W: Write> Writer<W> {
    /// `level` is that of zstd; none: the usual one.
    pub(super) fn new(
        out: W,
        columns: &[ColumnType<'_>],
        level: Option<i32>,
        statistics: StatisticsOptions,
    ) -> Result<Self, FrameError> {
        let level = level.map(ZstdLevel::try_new).transpose().map_err(FrameError::new)?;
        let compression = CompressionOptions::Zstd(level);
        let options =
            WriteOptions { statistics, version: Version::V1, compression, data_page_size: None };
        let field = |(name, of, nulls): &ColumnType<'_>| {
            let nullable = *nulls == Nulls::Allowed;
            ((*name).into(), Field::new((*name).into(), of.clone(), nullable))
        };
        let schema = ArrowSchema::from_iter(columns.iter().map(field));
        let sums = Sums::default();
        let out = Summed { out, sums: sums.clone() };
        let out = FileWriter::try_new(out, schema, options).map_err(FrameError::new)?;
        Ok(Self { out, sums, options })
    }

    /// Writes some rows: all columns, of the same length.
    pub(super) fn write(&mut self, columns: &[Column]) -> Result<(), FrameError> {
        let rows = columns.first().map_or(0, |column| column.len()) as u64;
        let types = self.out.parquet_schema().fields().to_vec();
        let todo: Vec<_> = columns.iter().zip(types).collect();
        let options = self.options;
        let pages = in_parallel(&todo, |(column, of)| {
            let encoding = get_dtype_encoding(column.dtype());
            let made = array_to_columns(column, of.clone(), options, &encoding);
            let mut pages = Vec::new();
            for own in made.map_err(FrameError::new)? {
                let own = own.map(|page| page.map_err(FrameError::new));
                pages.extend(compressed(own.collect::<Result<Vec<_>, _>>()?, options)?);
            }
            Ok(pages)
        });
        let pages = pages.into_iter().collect::<Result<Vec<Vec<CompressedPage>>, FrameError>>()?;
        let sums = self.sums.clone();
        let columns = pages.iter().map(move |pages| {
            sums.begin();
            let sums = sums.clone();
            // Behind its pages, a column is told about once more.
            let end = std::iter::from_fn(move || {
                sums.end();
                None
            });
            let pages = fallible_streaming_iterator::convert(pages.iter().map(Ok).chain(end));
            Ok(DynStreamingIterator::new(pages))
        });
        self.out.write(rows, DynIter::new(columns)).map_err(FrameError::new)
    }

    /// The checksums of all columns so far, group by group.
    pub(super) fn sums(&self) -> Vec<u32> {
        self.sums.all()
    }

    /// Writes the end of the file, with a text beside the columns.
    pub(super) fn finish(mut self, about: Option<(&str, String)>) -> Result<(), FrameError> {
        let about = about.map(|(key, text)| vec![KeyValue::new(key.to_owned(), text)]);
        self.out.end(about).map_err(FrameError::new)?;
        self.out.into_inner().flush().map_err(FrameError::new)
    }
}

fn compressed(
    pages: Vec<polars_parquet::write::Page>,
    options: WriteOptions,
) -> Result<Vec<CompressedPage>, FrameError> {
    let pages = pages.into_iter().map(Ok);
    let compressor = Compressor::new(pages, options.compression, Vec::new());
    compressor.map(|page| page.map_err(FrameError::new)).collect()
}

/// Checksums of the pages of each column.
#[derive(Clone, Default)]
struct Sums(Arc<Mutex<(Option<Crc>, Vec<u32>)>>);

impl Sums {
    fn own(&self) -> MutexGuard<'_, (Option<Crc>, Vec<u32>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) {
        self.own().0 = Some(Crc::new());
    }

    fn add(&self, bytes: &[u8]) {
        if let Some(sum) = &mut self.own().0 {
            sum.update(bytes);
        }
    }

    fn end(&self) {
        let mut own = self.own();
        let sum = own.0.take().map(|sum| sum.sum());
        own.1.extend(sum);
    }

    fn all(&self) -> Vec<u32> {
        self.own().1.clone()
    }
}

/// Counts the checksums of what it writes.
struct Summed<W> {
    out: W,
    sums: Sums,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sums.add(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A file of columns, of which each is read when it is asked for.
pub(super) struct Reader {
    file: File,
    bytes: u64,
    about: FileMetadata,
    schema: ArrowSchema,
}

impl Reader {
    pub(super) fn new(mut file: File) -> Result<Self, FrameError> {
        let bytes = file.metadata().map_err(FrameError::new)?.len();
        let about = read_metadata(&mut file).map_err(FrameError::new)?;
        let schema = infer_schema(&about).map_err(FrameError::new)?;
        Ok(Self { file, bytes, about, schema })
    }

    /// The names of the columns.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.schema.iter_values().map(|field| field.name.as_str())
    }

    /// How many rows each group has.
    pub(super) fn groups(&self) -> impl Iterator<Item = usize> {
        self.about.row_groups.iter().map(|group| group.num_rows())
    }

    /// The text that was written beside the columns.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        let all = self.about.key_value_metadata().as_ref()?;
        all.iter().find(|own| own.key == key)?.value.as_deref()
    }

    /// A column of numbers, if its checksums are these, group by group.
    pub(super) fn numbers(&mut self, column: usize, sums: &[u32]) -> Result<Vec<f64>, FrameError> {
        let mut all = Vec::new();
        for part in self.parts(column, sums)? {
            let part = part.as_any().downcast_ref::<PrimitiveArray<f64>>();
            all.extend_from_slice(part.ok_or_else(|| FrameError::new("no numbers"))?.values());
        }
        Ok(all)
    }

    /// A column of texts.
    pub(super) fn texts(&mut self, column: usize, sums: &[u32]) -> Result<Vec<String>, FrameError> {
        let mut all = Vec::new();
        for part in self.parts(column, sums)? {
            let part = part.as_any().downcast_ref::<Utf8ViewArray>();
            let part = part.ok_or_else(|| FrameError::new("no texts"))?;
            all.extend(part.values_iter().map(str::to_owned));
        }
        Ok(all)
    }

    fn parts(&mut self, column: usize, sums: &[u32]) -> Result<Vec<Column>, FrameError> {
        let damaged = || FrameError::new("it is damaged");
        let (_, field) = self.schema.get_at_index(column).ok_or_else(damaged)?;
        let mut all = Vec::new();
        for (group, sum) in self.about.row_groups.iter().zip(sums) {
            let chunk = group.parquet_columns().get(column).ok_or_else(damaged)?;
            let bytes = self.bytes_of(chunk)?;
            let mut own = Crc::new();
            own.update(&bytes);
            if own.sum() != *sum {
                return Err(damaged());
            }
            let pages = Cursor::new(Buffer::from(bytes));
            let pages = PageReader::new(pages, chunk, Vec::new(), usize::MAX);
            let pages = BasicDecompressor::new(pages, Vec::new());
            let of = &chunk.descriptor().descriptor.primitive_type;
            let made = column_iter_to_arrays(vec![pages], vec![of], field.clone(), None);
            all.extend(made.map_err(FrameError::new)?.0);
        }
        Ok(all)
    }

    fn bytes_of(&self, chunk: &ColumnChunkMetadata) -> Result<Vec<u8>, FrameError> {
        let range = chunk.byte_range();
        if range.start > range.end || range.end > self.bytes {
            return Err(FrameError::new("it is cut off"));
        }
        let mut bytes = vec![0; (range.end - range.start) as usize];
        let mut file = &self.file;
        file.seek(SeekFrom::Start(range.start)).map_err(FrameError::new)?;
        file.read_exact(&mut bytes).map_err(FrameError::new)?;
        Ok(bytes)
    }
}
