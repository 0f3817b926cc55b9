"""Links that really open: whether 资源链接 can be reached over the internet (附件3, clause 3)."""
