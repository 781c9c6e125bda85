-- Commands. Nothing else is loaded, and no sidecar started, before one of them is used.

if vim.g.loaded_onbehalf or vim.fn.has("nvim-0.7.2") == 0 then return end
vim.g.loaded_onbehalf = true

local command = vim.api.nvim_create_user_command
local group = vim.api.nvim_create_augroup("onbehalf", {})

command("OnBehalfAsk", function(arguments) require("onbehalf").ask_command(arguments) end, {
  nargs = "*",
  range = true,
  complete = function(lead) return require("onbehalf").complete(lead) end,
  desc = "Ask an agent as the end user",
})
command("OnBehalfAgents", function(arguments) require("onbehalf").agents(arguments.args) end, {
  nargs = "*",
  desc = "Choose an agent of the pod",
})
command("OnBehalfAnswer", function(arguments) require("onbehalf").answer(arguments.args) end, {
  nargs = "*",
  desc = "Answer a run that waits for a person",
})
command("OnBehalfCancel", function() require("onbehalf").cancel() end, {
  bar = true,
  desc = "Cancel what an agent is asked",
})

vim.api.nvim_create_autocmd("VimLeavePre", {
  group = group,
  callback = function()
    local connection = package.loaded["onbehalf.connection"]
    if connection then connection.leave() end
  end,
})
