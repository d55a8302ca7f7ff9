"""Project folders, documents with the files they were made from, passages of what is told, and who was given
what."""

from documents.models.chunk import Chunk, ChunkVector
from documents.models.document import Document, DocumentVersion, DocumentWords
from documents.models.file import DocumentFile
from documents.models.folder import Folder
from documents.models.meaning import Meaning
from documents.models.share import Share, ShareMark

__all__ = [
    "Chunk",
    "ChunkVector",
    "Document",
    "DocumentFile",
    "DocumentVersion",
    "DocumentWords",
    "Folder",
    "Meaning",
    "Share",
    "ShareMark",
]
