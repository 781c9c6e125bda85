-- What a person types.

local M = {}

--- Asks for a line, with nothing suggested. `done` has it later, without blanks around it; nil when there is none.
function M.asked(prompt, done)
  local function told(typed)
    typed = vim.trim(typed or "")
    vim.schedule(function() done(typed ~= "" and typed or nil) end)
  end
  if not pcall(vim.ui.input, { prompt = prompt }, told) then told(nil) end -- Ctrl-C
end

return M
