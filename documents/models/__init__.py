"""Project folders, the documents of organizations that keep them here, and passages of what is told."""

from documents.models.chunk import Chunk
from documents.models.document import Document, DocumentVersion, DocumentWords
from documents.models.folder import Folder

__all__ = [
    "Chunk",
    "Document",
    "DocumentVersion",
    "DocumentWords",
    "Folder",
]
