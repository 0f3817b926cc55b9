"""The province's report as page, workbook and document: values in, bytes out."""
