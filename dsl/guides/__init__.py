"""What dslc tells about itself: the pages of its codes, the authoring guide, the grammar for generators."""
