std = "luajit"
globals = { "vim.g" }
read_globals = { "vim" }
max_line_length = 120
